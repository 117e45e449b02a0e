import type { SubscriptionHandlers } from "../../../core/connector.ts";
import type { ConnectorError } from "../../../core/errors.ts";
import { isEmpty, msOf } from "../../../core/message/position.ts";
import { callHandler } from "../../shared/handlers.ts";
import { type Entry, isBirth, kept } from "../../shared/redis-entry.ts";
import { RestError } from "../rest.ts";

/** Before the oldest entry, in XRANGE's notation. */
const start = "-";

/** How far a broker's clock may be behind its predecessor's, in ms. */
const clockSkew = 60_000;

/** Where the reading of one channel stands, and what a page of its history means. */
export class PolledChannel {
	readonly stream: string;
	/** How long messages are kept, in ms. */
	readonly maxAge: number;
	readonly #handlers: SubscriptionHandlers;
	/** The last entry that was read. */
	#position: string;
	/** Until when nothing was missed, by the broker's clock, in ms since 1970. */
	#seen: number;
	#lost = false;
	#ended = false;

	/** @param head the channel's position when it began to be read. */
	constructor(
		head: string,
		{ stream, maxAge }: { stream: string; maxAge: number },
		handlers: SubscriptionHandlers,
	) {
		this.stream = stream;
		this.maxAge = maxAge;
		this.#handlers = handlers;
		this.#position = isEmpty(head) ? start : head;
		this.#seen = msOf(head);
	}

	/** Where the next page begins, included. */
	get position(): string {
		return this.#position;
	}

	/** No callback is called from here on. */
	end(): void {
		this.#ended = true;
	}

	lose(error: ConnectorError): void {
		if (this.#lost || this.#ended) return;
		this.#lost = true;
		callHandler(this.#handlers, "onLost", error);
	}

	/**
	 * Hands on what a page from `position` brought.
	 *
	 * @param now the broker's time, in ms since 1970.
	 * @param isWhole whether nothing follows the page.
	 * @returns how many entries were new.
	 */
	take(now: number, entries: readonly Entry[], isWhole: boolean): number {
		const [first] = entries;
		const found = first !== undefined && String(first[0]) === this.#position;
		if (!(found || this.#missedNothing(first, now))) this.lose(gap());
		const fresh = found ? entries.slice(1) : entries;
		this.#position = String(entries.at(-1)?.[0] ?? start);
		if (isWhole) this.#seen = now;
		this.#restored();
		for (const entry of fresh) {
			const { payload } = kept(entry);
			// A handler may end the subscription.
			if (payload !== undefined && !this.#ended) callHandler(this.#handlers, "onMessage", payload);
		}
		return fresh.length;
	}

	/**
	 * Whether the history is whole although the last entry is not in it. It is if there was none,
	 * or if it expired by itself, and a history that began since then is here from its beginning.
	 */
	#missedNothing(first: Entry | undefined, now: number): boolean {
		if (first !== undefined && !isBirth(first)) return false;
		const at = first === undefined ? now : msOf(String(first[0]));
		const isOver = this.#position === start || at - msOf(this.#position) >= this.maxAge;
		// What came and expired since the last look would be missed.
		return isOver && at - this.#seen < this.maxAge && at - this.#seen > -clockSkew;
	}

	#restored(): void {
		if (!this.#lost || this.#ended) return;
		this.#lost = false;
		callHandler(this.#handlers, "onRestored");
	}
}

function gap(): ConnectorError {
	return new RestError(
		"unavailable",
		"The history does not reach back to the last poll: a poll came too late, or the history was deleted.",
	);
}
