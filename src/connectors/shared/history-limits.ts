import type { HistoryOptions } from "../../core/connector.ts";

/** How much is kept of a channel, checked. */
export interface HistoryLimits {
	/** Messages. */
	readonly maxLength: number;
	/** In ms. */
	readonly maxAge: number;
}

/** How much is kept of each channel: one object for all that fit the same rule. */
export type LimitsOf = (channel: string) => HistoryLimits;

/** @throws {TypeError} that names the option and its rule. */
export function historyLimits(options: HistoryOptions, field = "history"): HistoryLimits {
	const { maxLength = 1_000, maxAge = 86_400_000 } = options;
	return {
		maxLength: whole(`${field}.maxLength`, maxLength),
		maxAge: whole(`${field}.maxAge`, maxAge),
	};
}

/** @throws {TypeError} that names the option and its rule. */
export function limitsByChannel(options: HistoryOptions): LimitsOf {
	const others = historyLimits(options);
	const { channels = [] } = options;
	if (!Array.isArray(channels)) {
		throw new TypeError('history.channels: must be a list, such as [{ match: "run.*", maxAge }].');
	}
	const rules = channels.map((rule: { match?: unknown } & Partial<HistoryLimits>, index) => {
		const field = `history.channels[${index}]`;
		if (typeof rule?.match !== "string" || rule.match === "") {
			throw new TypeError(
				`${field}.match: must be a channel's name; a \`*\` at the end stands for any rest.`,
			);
		}
		const { match, maxLength = others.maxLength, maxAge = others.maxAge } = rule;
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
