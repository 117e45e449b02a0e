import { isWithin } from "../../core/message/position.ts";

/** How far the clock of one broker may be ahead of the one that takes over from it, in ms. */
const clockSkew = 60_000;

export interface EmptyRange {
	readonly from: string;
	readonly to: string;
}

/**
 * The empty positions after which nothing is missing, in a store that frees a channel `maxAge` after its last message.
 *
 * Whoever saw the channel empty less than `maxAge` before its birth, or before now if it has none, has missed no
 * life of it: one that had begun since would still be kept.
 *
 * @param at when the history was born that is still whole, or now in a channel that keeps nothing, in ms since 1970.
 */
export function emptyRange(at: number, maxAge: number): EmptyRange {
	return { from: `~${Math.max(0, at - maxAge + 1)}-0`, to: `~${at + clockSkew}-0` };
}

/** Whether a page from the beginning covers the position that it was asked for. */
export function coversEmpty(position: string, range: EmptyRange | undefined): boolean {
	return position === "0-0" || (range !== undefined && isWithin(position, range.from, range.to));
}
