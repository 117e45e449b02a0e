import type { History } from "../connector.ts";
import type { Decoded } from "../message/envelope.ts";
import { beginning, isAfter, isEmpty, later } from "../message/position.ts";
import { type Semaphore, shared } from "../scheduling.ts";
import { PacedReads } from "./paced-reads.ts";
import { type Place, Run, type Step, startOf, type Verdict } from "./run.ts";

// Messages per read. The first read is small, because messages may be large.
const pages = { first: 100, longest: 500 };

/** The aim for a page's size, in UTF-16 code units. A client may have that much unread. */
const pageTarget = 1_048_576;

/** The most that a channel keeps in memory, in UTF-16 code units: a page, and as many newer messages. */
const longestTail = 2_097_152;

/** The most that all channels of a hub keep in memory, in UTF-16 code units. */
const longestTails = 16_777_216;

/** A channel with this many streams keeps what it read for one of them, for the others. */
const manyStreams = 16;

/** How long it keeps that, in ms. A thousand returning clients are a second's work. */
const keptFor = 1_000;

/** What a log needs of its channel. */
export interface LogChannel {
	readonly name: string;
	/** Where the feed stands. */
	readonly position: string;
	/** How many streams it has. */
	readonly users: number;
	decode(payload: string): Decoded | undefined;
	/** Dispatches messages that the feed has not brought yet. Feed and history then agree. */
	dispatchPage(page: Run): void;
}

/** The size of all tails of a hub together, in UTF-16 code units. */
export interface LogMemory {
	tails: number;
}

/** A page, and whether its read began after the clients had come. */
export interface Read {
	readonly page: Run;
	readonly fresh: boolean;
}

/**
 * A channel's history. The store is read in pages. The tail is in memory: the newest messages, without a hole, up to
 * the feed's position.
 */
export class Log {
	readonly #history: History;
	readonly #channel: LogChannel;
	readonly #gate: Semaphore;
	readonly #memory: LogMemory;
	readonly #pages = new Map<string, Promise<Run>>();
	readonly #freshPages = new PacedReads<Run>();
	readonly #heads = new Map<number, Promise<string>>();
	#pageSize = pages.first;
	#tail: Run | undefined;
	/** When the tail began, on the clock of `performance.now()`. */
	#tailSince = 0;
	/** Replays that use the tail. */
	#users = 0;
	/** Reads under way that may join the tail. */
	#reading = 0;
	#timer: ReturnType<typeof setTimeout> | undefined;

	/** @param gate limits how many reads for clients run at once. */
	constructor(history: History, channel: LogChannel, gate: Semaphore, memory: LogMemory) {
		this.#history = history;
		this.#channel = channel;
		this.#gate = gate;
		this.#memory = memory;
	}

	/** A client is behind. The log keeps what the feed brings. */
	retain(): void {
		this.#users++;
	}

	/** Ends one `retain`. The tail of a channel with many streams is kept a while, because more clients will ask for it. */
	release(): void {
		if (--this.#users > 0) return;
		const left = this.#tailSince + keptFor - performance.now();
		if (this.#channel.users < manyStreams || left <= 0) this.forgetTail();
		else if (this.#tail !== undefined) {
			clearTimeout(this.#timer);
			this.#timer = setTimeout(() => this.#users === 0 && this.forgetTail(), left);
		}
	}

	/** Begins a tail, unless there is one. An old one is replaced, because the store may have trimmed its messages. */
	open(): void {
		const isOld = this.#reading === 0 && performance.now() - this.#tailSince > keptFor;
		if (this.#tail !== undefined && !isOld) return;
		this.forgetTail();
		this.#tail = Run.from(this.#channel.position);
		this.#tailSince = performance.now();
	}

	/** The feed has a hole, or nobody is behind. */
	forgetTail(): void {
		clearTimeout(this.#timer);
		this.#memory.tails -= this.#tail?.size ?? 0;
		this.#tail = undefined;
	}

	/** The feed brought a message. */
	append(position: string, decoded: Decoded): void {
		this.#changeTail((tail) => tail.append(position, decoded));
	}

	#changeTail(change: (tail: Run) => void): void {
		const tail = this.#tail;
		if (tail === undefined) return;
		const before = tail.size;
		change(tail);
		if (tail.size > longestTail) tail.shrink(longestTail * 0.75);
		this.#memory.tails += tail.size - before;
		if (this.#memory.tails > longestTails) this.forgetTail();
	}

	/** Whether a client can be sent what follows without a read. */
	canServe(place: Place): boolean {
		const tail = this.#tailFor(place);
		return tail?.reaches(startOf(place)) === true && tail.judge(place.claimed) !== "unknown";
	}

	/** A client that asks for all kept messages is not sent what the store has trimmed. */
	#tailFor({ claimed }: Place): Run | undefined {
		return claimed === beginning ? undefined : this.#tail;
	}

	/** Whether a client claims a position after the feed's. Another process may have sent it more. */
	isAhead({ claimed }: Place): boolean {
		return isAfter(claimed ?? beginning, this.#channel.position);
	}

	/**
	 * Reads a page of the messages after a position. Concurrent requests for the same page share one read.
	 *
	 * @param fresh whether the read must begin now. One under way may be older than what a client has seen.
	 * @throws {ConnectorError} when the broker is unavailable.
	 */
	async read(after: string, fresh = false): Promise<Read> {
		const from = fromOf(after);
		const ask = () => this.#gate.run(() => this.#ask(from));
		const page = fresh ? this.#freshPages.read(from, ask) : shared(this.#pages, from, ask);
		return { page: await page, fresh };
	}

	async #ask(from: string): Promise<Run> {
		const tail = this.#tail;
		const began = tail?.start ?? beginning;
		const stood = this.#channel.position;
		this.#reading++;
		try {
			const page = await this.readNow(from);
			if (page.covers(this.#channel.position)) this.#channel.dispatchPage(page);
			if (page.first === undefined) page.endAt(stood);
			// A tail that began later may have a hole before it.
			if (tail !== undefined && tail === this.#tail) this.#join(tail, page, began);
			return page;
		} finally {
			this.#reading--;
		}
	}

	/** @param began where the tail began when the page was asked for. */
	#join(tail: Run, page: Run, began: string): void {
		if (tail.size + page.size > longestTail) return;
		// The feed may have brought what the store trimmed meanwhile, unless the feed is behind too. What the tail dropped
		// meanwhile came after the page.
		const isWhole = !page.more && !isAfter(tail.start, began);
		// An empty page from beyond the feed's position says nothing of what the feed has missed.
		const isLast = isWhole && !isAfter(page.first ?? page.start, this.#channel.position);
		if (page.covers(tail.start) || isLast) this.#changeTail((run) => run.merge(page));
	}

	/** Reads without sharing and without waiting in line. It is for the feed, which all clients wait for. */
	async readNow(after: string): Promise<Run> {
		const from = fromOf(after);
		const kept = await this.#history.read(this.#channel.name, from, this.#pageSize);
		const page = Run.read(from, kept, (payload) => this.#channel.decode(payload));
		if (page.size > 0) {
			const fit = Math.floor((pageTarget * kept.messages.length) / page.size);
			this.#pageSize = Math.min(pages.longest, Math.max(1, fit));
		}
		return page;
	}

	/**
	 * Returns what to send next to a client at this place. The caller sends it in the same task, because the step ends at
	 * the feed's position.
	 *
	 * @param read the page that was read for this client and others. Undefined: none was needed.
	 * @returns undefined when another read is needed.
	 */
	step(place: Place, read: Read | undefined): Step | undefined {
		const start = startOf(place);
		const { claimed } = place;
		const runs: Run[] = [];
		for (const run of [this.#tailFor(place), read?.page]) {
			if (run === undefined || !run.reaches(start)) continue;
			const verdict = run.judge(claimed);
			if (verdict !== "unknown") return this.#stepOf(run, place, verdict);
			runs.push(run);
		}
		const [run] = runs;
		if (run === undefined || read === undefined || !read.page.reaches(start)) return undefined;
		// The read began after the client had come. A claimed position that it lacks was never stored.
		const isForged = isEmpty(claimed ?? beginning) || (read.fresh && !read.page.more);
		if (isForged) return this.#stepOf(run, place, "gap");
		if (!this.isAhead(place)) return undefined;
		// The page that has its position will judge it.
		return { claimed, joined: later(place.joined, read.page.end), gap: false, messages: [] };
	}

	#stepOf(run: Run, place: Place, verdict: Verdict): Step {
		const gap = verdict === "gap";
		const start = gap ? startOf(place) : (place.claimed ?? beginning);
		// With an empty position that cannot be true, the client would come back and be told of the gap again.
		const from = gap && isEmpty(start) ? beginning : start;
		let end = later(from, run.end);
		if (run === this.#tail) end = later(end, this.#channel.position);
		return { claimed: end, joined: end, gap, messages: run.after(from) };
	}

	head(): Promise<string> {
		return this.#history.head(this.#channel.name);
	}

	/** Returns the position before the newest `count` messages. */
	before(count: number): Promise<string> {
		const ask = () => this.#gate.run(() => this.#history.head(this.#channel.name, count));
		return shared(this.#heads, count, ask);
	}
}

/** All positions before the first message are one place. Clients that saw the channel empty share a read. */
function fromOf(after: string): string {
	return isEmpty(after) ? beginning : after;
}
