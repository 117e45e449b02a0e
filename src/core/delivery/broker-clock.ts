import { msOf } from "../message/position.ts";

/** How far an id may be ahead of the broker's time, in ms. */
const longestLeap = 60_000;

/**
 * The broker's time, as its store told it last: in positions of channels, and pages.
 * Payloads do not count: anyone may write any id into them.
 */
export class BrokerClock {
	/** From `performance.now()` to the broker's ms since 1970. */
	#offset = Number.NEGATIVE_INFINITY;

	/** @param position in the store. */
	learn(position: string): void {
		this.#offset = Math.max(this.#offset, msOf(position) - performance.now());
	}

	/** Whether no message can be stored there yet. */
	isAhead(position: string): boolean {
		return msOf(position) - performance.now() - this.#offset > longestLeap;
	}
}
