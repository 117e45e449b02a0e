import type { HistoryOptions } from "../../core/connector.ts";

/** How much is kept of each channel, checked. */
export interface HistoryLimits {
	/** Messages. */
	readonly maxLength: number;
	/** In ms. */
	readonly maxAge: number;
}

/** @throws {TypeError} that names the option and its rule. */
export function historyLimits({
	maxLength = 1_000,
	maxAge = 86_400_000,
}: HistoryOptions): HistoryLimits {
	return { maxLength: whole("maxLength", maxLength), maxAge: whole("maxAge", maxAge) };
}

function whole(name: keyof HistoryLimits, value: number): number {
	if (Number.isSafeInteger(value) && value >= 1) return value;
	throw new TypeError(`history.${name}: must be a whole number of 1 or more.`);
}
