import { beginning, beginningOr, isAfter, isPosition } from "../core/message/position.ts";
import type { RunRecord } from "../core/run-store.ts";

/** What a request gets of a run: that it is over for it, or the chunks after a position. */
export type Answer = "over" | { readonly after: string; readonly isClaimed: boolean };

/**
 * @param cursor where the client says that it left off.
 * @param replay `after`: what follows the cursor; `all`: always everything.
 * @returns `isClaimed`: whether the position is the client's own, which may be none of this run's.
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
