import type { ChannelHistoryOptions, HistoryOptions } from "../../core/connector.ts";
import { type Advice, checkNames } from "../../core/known-names.ts";

/** How much is kept of a channel, checked. */
export interface HistoryLimits {
	/** Messages. */
	readonly maxLength: number;
	/** In ms. */
	readonly maxAge: number;
}

/** How much is kept of each channel. All channels of one rule share one object. */
export type LimitsOf = (channel: string) => HistoryLimits;

const advice: Advice = [
	["Did you mean maxLength?", "length limit"],
	["Write maxAge, in ms.", "seconds ttl"],
	["Did you mean match?", "channel"],
];

/** @throws {TypeError} that names the option and its rule. */
export function historyLimits(
	{ maxLength = 1_000, maxAge = 86_400_000 }: HistoryOptions,
	field = "history",
): HistoryLimits {
	return {
		maxLength: whole(`${field}.maxLength`, maxLength),
		maxAge: whole(`${field}.maxAge`, maxAge),
	};
}

/**
 * @param more names of this connector's further options.
 * @throws {TypeError} that names the option and its rule.
 */
export function limitsByChannel(options: HistoryOptions, more: readonly string[] = []): LimitsOf {
	if (typeof options !== "object" || options === null) {
		throw new TypeError("history: must be an object, such as {} for the defaults.");
	}
	checkNames("history.", options, ["maxLength maxAge channels", ...more], advice);
	const { channels = [] } = options;
	const others = historyLimits(options);
	if (!Array.isArray(channels)) {
		throw new TypeError('history.channels: must be a list, such as [{ match: "run.*", maxAge }].');
	}
	const rules = channels.map((rule: ChannelHistoryOptions, index) => {
		const field = `history.channels[${index}]`;
		if (typeof rule !== "object" || rule === null) {
			throw new TypeError(`${field}: must be an object, such as { match: "run.*", maxAge }.`);
		}
		checkNames(`${field}.`, rule, ["match maxLength maxAge"], advice);
		const { match, maxLength = others.maxLength, maxAge = others.maxAge } = rule;
		if (typeof match !== "string" || match === "") {
			throw new TypeError(
				`${field}.match: must be a channel's name; a \`*\` at the end stands for any rest.`,
			);
		}
		return { fits: fitting(match), limits: historyLimits({ maxLength, maxAge }, field) };
	});
	return (channel) => rules.find(({ fits }) => fits(channel))?.limits ?? others;
}

function fitting(match: string): (channel: string) => boolean {
	if (!match.endsWith("*")) return (channel) => channel === match;
	const start = match.slice(0, -1);
	return (channel) => channel.startsWith(start);
}

function whole(field: string, value: number): number {
	if (Number.isSafeInteger(value) && value >= 1) return value;
	throw new TypeError(`${field}: must be a whole number of 1 or more.`);
}
