import type { HistoryPage } from "./connector.ts";
import type { Decoded } from "./envelope.ts";

/** Some of a channel's history, decoded once for whoever is behind. */
export class Page {
	readonly messages: readonly Decoded[];
	/** There is more after the last of these. */
	readonly more: boolean;
	/** The position that a reader of this page has reached. */
	readonly end: string;
	readonly #after: string;
	readonly #covered: boolean;
	readonly #ids: ReadonlySet<string>;

	constructor(
		after: string,
		{ covered, messages, more }: HistoryPage,
		decode: (payload: string) => Decoded | undefined,
	) {
		this.more = more;
		this.end = messages.at(-1)?.id ?? after;
		this.messages = messages.flatMap(({ payload }) => decode(payload) ?? []);
		this.#after = after;
		this.#covered = covered;
		this.#ids = new Set(messages.map(({ id }) => id));
	}

	/** Whether nothing is missing between a position and what this page has after it. */
	covers(position: string): boolean {
		return position === this.#after ? this.#covered : this.#ids.has(position);
	}
}
