import type { History } from "../connector.ts";
import type { Decoded } from "../message/envelope.ts";
import { beginning, isAfter, isEmpty, later } from "../message/position.ts";
import { type Semaphore, shared } from "../scheduling.ts";
import { PacedReads } from "./paced-reads.ts";
import { type Place, Run, startOf, type Verdict } from "./run.ts";

// Messages in a read: in the first, as they may be large, and at most.
const pages = { first: 100, longest: 500 };

/** What a page should come to, in UTF-16 code units. A client may have that much waiting. */
const pageTarget = 1_048_576;

/** What a channel keeps in memory, in UTF-16 code units: a page, and as much of what came since. */
const longestTail = 2_097_152;

/** What all channels of a hub keep in memory, in UTF-16 code units. */
const longestTails = 16_777_216;

/** With this many streams on a channel, what was read for one of them is kept for those that follow. */
const crowd = 16;

/** For how long, in ms. A thousand returning clients are a second's work. */
const keptFor = 1_000;

/** What a log must know of its channel. */
export interface LogChannel {
	readonly name: string;
	/** Where the feed stands. */
	readonly position: string;
	/** How many streams it has. */
	readonly users: number;
	decode(payload: string): Decoded | undefined;
	/** Passes on what the feed has not brought yet, so that feed and history never disagree. */
	dispatchPage(page: Run): void;
}

/** What all logs of a hub hold together, in UTF-16 code units. */
export interface LogMemory {
	tails: number;
}

/** A page, and whether it was asked for after the clients had come. */
export interface Read {
	readonly page: Run;
	readonly fresh: boolean;
}

/** What a client is sent of one channel, and where it stands then. */
export interface Step extends Place {
	/** Something is missing before it. */
	readonly gap: boolean;
	readonly messages: readonly Decoded[];
}

/**
 * A channel's history: the store, read in pages, and in memory the tail, without a hole up to the feed's position.
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
	/** As `performance.now()` has it. */
	#tailSince = 0;
	/** Replays that use the tail. */
	#users = 0;
	/** Reads that the tail is to be joined to. */
	#reading = 0;
	#timer: ReturnType<typeof setTimeout> | undefined;

	/** @param gate reads for clients wait in line here. */
	constructor(history: History, channel: LogChannel, gate: Semaphore, memory: LogMemory) {
		this.#history = history;
		this.#channel = channel;
		this.#gate = gate;
		this.#memory = memory;
	}

	/** Somebody is behind: what the feed brings is remembered. */
	retain(): void {
		this.#users++;
	}

	/** For each `retain`. A crowd has more of the same to come. */
	release(): void {
		if (--this.#users > 0) return;
		const left = this.#tailSince + keptFor - performance.now();
		if (this.#channel.users < crowd || left <= 0) this.forgetTail();
		else if (this.#tail !== undefined) {
			clearTimeout(this.#timer);
			this.#timer = setTimeout(() => this.#users === 0 && this.forgetTail(), left);
		}
	}

	/** Has a tail that begins no later than now. Nobody is served from one for long, as the store may forget. */
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

	/** Who asks for all that is kept is not sent what the store has trimmed. */
	#tailFor({ claimed }: Place): Run | undefined {
		return claimed === beginning ? undefined : this.#tail;
	}

	/** Whether a client has heard more from another process than this feed knows; or says so. */
	isAhead({ claimed }: Place): boolean {
		return isAfter(claimed ?? beginning, this.#channel.position);
	}

	/**
	 * A page of what is kept after a position. Reads of the same page at the same time are one.
	 *
	 * @param fresh not one that is under way, which may be older than what a client has seen.
	 * @throws {ConnectorError} when the broker is away.
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
			// A tail that was begun later may have a hole before it.
			if (tail !== undefined && tail === this.#tail) this.#join(tail, page, began);
			return page;
		} finally {
			this.#reading--;
		}
	}

	/** @param began where the tail began when the page was asked for. */
	#join(tail: Run, page: Run, began: string): void {
		if (tail.size + page.size > longestTail) return;
		// What the store has trimmed meanwhile the feed may have brought, unless that is behind as well. What the tail
		// has let go meanwhile came after the page.
		const isWhole = !page.more && !isAfter(tail.start, began);
		const isLast = isWhole && !isAfter(page.first ?? beginning, this.#channel.position);
		if (page.covers(tail.start) || isLast) this.#changeTail((run) => run.merge(page));
	}

	/** Not shared and not in line: for the feed itself, which everybody waits for. */
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
	 * What a client at this place is to be sent next. It is sent within the same task: the step ends where the feed stands.
	 *
	 * @param read for it and others; undefined: none was needed.
	 * @returns undefined when it takes another read.
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
		// The store was asked after the client had come: what it claims and is not there was never stored.
		const isForged = isEmpty(claimed ?? beginning) || (read.fresh && !read.page.more);
		if (isForged) return this.#stepOf(run, place, "gap");
		if (!this.isAhead(place)) return undefined;
		// It is judged by the page that has its position.
		return { claimed, joined: later(place.joined, read.page.end), gap: false, messages: [] };
	}

	#stepOf(run: Run, place: Place, verdict: Verdict): Step {
		const gap = verdict === "gap";
		const start = gap ? startOf(place) : (place.claimed ?? beginning);
		// An empty position that cannot be true would be a gap again when the client comes back with it.
		const from = gap && isEmpty(start) ? beginning : start;
		let end = later(from, run.end);
		if (run === this.#tail) end = later(end, this.#channel.position);
		return { claimed: end, joined: end, gap, messages: run.after(from) };
	}

	head(): Promise<string> {
		return this.#history.head(this.#channel.name);
	}

	/** The position before the newest `count` messages. */
	before(count: number): Promise<string> {
		const ask = () => this.#gate.run(() => this.#history.head(this.#channel.name, count));
		return shared(this.#heads, count, ask);
	}
}

/** Before the first message all positions are one place: those that saw the channel empty share a read. */
function fromOf(after: string): string {
	return isEmpty(after) ? beginning : after;
}
