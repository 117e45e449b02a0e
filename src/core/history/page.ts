import type { HistoryPage } from "../connector.ts";
import type { Decoded } from "../message/envelope.ts";
import { beginning, isAfter, isEmpty, isWithin } from "../message/position.ts";

/** Some of a channel's history, decoded once for whoever is behind. */
export class Page {
	readonly messages: readonly Decoded[];
	/** There is more after the last of these. */
	readonly more: boolean;
	/** Of the first that is kept, be it a message or not. */
	readonly begin: string | undefined;
	/** The position that a reader of this page has reached. */
	readonly end: string;
	/** Of the payloads together, in UTF-16 code units. */
	readonly size: number;
	readonly #after: string;
	readonly #asOf: string;
	readonly #covered: boolean;
	readonly #empty: HistoryPage["empty"];
	readonly #ids: ReadonlySet<string>;

	/** @param asOf where the feed stood when the history was asked: all that it had passed on was stored by then. */
	constructor(
		after: string,
		asOf: string,
		{ covered, messages, more, empty }: HistoryPage,
		decode: (payload: string) => Decoded | undefined,
	) {
		this.more = more;
		this.begin = messages.at(0)?.id;
		this.end = messages.at(-1)?.id ?? after;
		this.messages = messages.flatMap(({ id, payload }) => {
			const decoded = payload === undefined ? undefined : decode(payload);
			// What somebody else put into the store has no place among the rest.
			return decoded?.storedAt === id ? decoded : [];
		});
		this.size = this.messages.reduce((sum, decoded) => sum + decoded.size, 0);
		this.#after = after;
		this.#asOf = asOf;
		this.#covered = covered;
		this.#empty = empty;
		// Also of entries that are no messages: a page may end there.
		this.#ids = new Set(messages.map(({ id }) => id));
	}

	/** Whether this is all up to a position of the feed's. A read that is shared may be older than that. */
	isUpTo(livePosition: string): boolean {
		return !this.more && !isAfter(livePosition, this.#asOf);
	}

	/** Nothing is kept after the position. */
	get isEmpty(): boolean {
		return this.#ids.size === 0;
	}

	/** Whether nothing is missing between a position and what this page has after it. */
	covers(position: string): boolean {
		if (isEmpty(position)) {
			const { from, to } = this.#empty ?? { from: beginning, to: beginning };
			return isWithin(position, from, to);
		}
		return position === this.#after ? this.#covered : this.#ids.has(position);
	}
}
