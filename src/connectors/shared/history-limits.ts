import type { HistoryOptions } from "../../core/connector.ts";
import { checkNames } from "../../core/known-names.ts";

/** How much is kept of each channel, checked. */
export interface HistoryLimits {
	/** Messages. */
	readonly maxLength: number;
	/** In ms. */
	readonly maxAge: number;
}

const names = Object.keys({
	...{ maxLength: 0, maxAge: 0 },
} satisfies Record<keyof HistoryOptions, 0>);

/** @throws {TypeError} that names the option and its rule. */
export function historyLimits(options: HistoryOptions): HistoryLimits {
	if (typeof options !== "object" || options === null) {
		throw new TypeError("history: must be an object, such as {} for the defaults.");
	}
	checkNames("history.", options, names, {
		length: "Did you mean maxLength?",
		limit: "Did you mean maxLength?",
		seconds: "Write maxAge, in ms.",
		ttl: "Write maxAge, in ms.",
	});
	const { maxLength = 1_000, maxAge = 86_400_000 } = options;
	return { maxLength: whole("maxLength", maxLength), maxAge: whole("maxAge", maxAge) };
}

function whole(name: keyof HistoryLimits, value: number): number {
	if (Number.isSafeInteger(value) && value >= 1) return value;
	throw new TypeError(`history.${name}: must be a whole number of 1 or more.`);
}
