import type { History } from "../connector.ts";
import type { Decoded } from "../message/envelope.ts";
import { beginning, isEmpty } from "../message/position.ts";
import type { Semaphore } from "../scheduling.ts";
import { Page } from "./page.ts";

/** Messages in one read of the history, at most. */
const longestPage = 500;

/** Messages in the first read of a channel, whose messages may be large. */
const firstPage = 100;

/** What a page should come to, in UTF-16 code units: a client has so much waiting, and a burst. */
const pageTarget = 1_048_576;

/** What a reader must know of the channel's feed. */
export interface FeedView {
	/** Where it stands. */
	livePosition(): string;
	decode(payload: string): Decoded | undefined;
	/** Hears of each page once, before those who asked for it. */
	onPage(page: Page): void;
}

/** Reads a channel's history for the crowd: who wants the same at the same time shares a read. */
export class Reader {
	readonly #history: History;
	readonly #name: string;
	readonly #gate: Semaphore;
	readonly #feed: FeedView;
	readonly #pages = new Map<string, Promise<Page>>();
	readonly #backs = new Map<number, Promise<string>>();
	#pageSize = firstPage;

	constructor(history: History, name: string, gate: Semaphore, feed: FeedView) {
		this.#history = history;
		this.#name = name;
		this.#gate = gate;
		this.#feed = feed;
	}

	/**
	 * A page of what is kept after a position.
	 *
	 * @param fresh not one that somebody has asked for already, which may be older than what a client has seen.
	 * @throws {ConnectorError} when the broker is away.
	 */
	read(after: string, fresh = false): Promise<Page> {
		const from = fromOf(after);
		const ask = () =>
			this.#gate.run(async () => {
				const page = await this.readNow(from);
				this.#feed.onPage(page);
				return page;
			});
		return fresh ? ask() : shared(this.#pages, from, ask);
	}

	/** Not shared and not in line: for the feed itself, which everybody waits for. */
	async readNow(after: string): Promise<Page> {
		const asOf = this.#feed.livePosition();
		const from = fromOf(after);
		const kept = await this.#history.read(this.#name, from, this.#pageSize);
		const page = new Page(from, asOf, kept, (payload) => this.#feed.decode(payload));
		if (page.messages.length > 0) {
			const fit = Math.floor((pageTarget * page.messages.length) / page.size);
			this.#pageSize = Math.min(longestPage, Math.max(1, fit));
		}
		return page;
	}

	head(): Promise<string> {
		return this.#history.head(this.#name);
	}

	/** The position before the newest `count` messages. */
	before(count: number): Promise<string> {
		const ask = () => this.#gate.run(() => this.#history.head(this.#name, count));
		return shared(this.#backs, count, ask);
	}
}

/** Before the first message all positions are one place: those who saw the channel empty share a read. */
function fromOf(after: string): string {
	return isEmpty(after) ? beginning : after;
}

function shared<K, V>(underWay: Map<K, Promise<V>>, key: K, ask: () => Promise<V>): Promise<V> {
	const found = underWay.get(key);
	if (found !== undefined) return found;
	const asking = ask().finally(() => underWay.delete(key));
	underWay.set(key, asking);
	return asking;
}
