import { beginning, beginningOr, isAfter, isPosition } from "../core/message/position.ts";
import type { RunRecord } from "../core/run-store.ts";

/** What a request gets of a run: the word that it is over, or the chunks after a position. */
export type Answer = "over" | { readonly after: string; readonly isClaimed: boolean };

/**
 * @param cursor the position that the client reports.
 * @param replay `after`: the chunks after the cursor; `all`: every chunk.
 * @returns `isClaimed`: the client named the position. It may belong to another run.
 */
export function answerTo(
	{ end }: RunRecord,
	cursor: string | undefined,
	replay: "all" | "after",
): Answer {
	const position = beginningOr(cursor);
	if (position === beginning) return whole;
	const isKnown = isPosition(position);
	if (end !== undefined && isKnown && !isAfter(end, position)) return "over";
	if (replay === "all") return whole;
	return { after: isKnown ? position : "", isClaimed: true };
}

const whole = { after: beginning, isClaimed: false };
