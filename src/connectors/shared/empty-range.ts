import { isWithin } from "../../core/message/position.ts";

/** How far the clock of one broker may be ahead of its successor's, in ms. */
const clockSkew = 60_000;

export interface EmptyRange {
	readonly from: string;
	readonly to: string;
}

/**
 * The empty positions that miss nothing, in a store that frees a channel `maxAge` after its
 * last message.
 *
 * If the channel was seen empty less than `maxAge` before its birth, no earlier life of it was
 * missed: one that began since would still be kept. Without a birth, the same holds for less
 * than `maxAge` before now.
 *
 * @param at when the complete history was born, in ms since 1970; now, in a channel that keeps
 *   nothing.
 */
export function emptyRange(at: number, maxAge: number): EmptyRange {
	return { from: `~${Math.max(0, at - maxAge + 1)}-0`, to: `~${at + clockSkew}-0` };
}

/** Whether a page from the beginning covers the requested position. */
export function coversEmpty(position: string, range: EmptyRange | undefined): boolean {
	return position === "0-0" || (range !== undefined && isWithin(position, range.from, range.to));
}
