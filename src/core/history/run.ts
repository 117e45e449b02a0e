import type { HistoryPage } from "../connector.ts";
import type { Decoded } from "../message/envelope.ts";
import { beginning, isAfter, isEmpty, isWithin, later } from "../message/position.ts";

/** Something that the store keeps. */
interface Entry {
	readonly id: string;
	/** Undefined: it is no message of ours. */
	readonly decoded: Decoded | undefined;
}

/** Where a client stands in one channel. */
export interface Place {
	/** Where it says that it stands; undefined: it does not say, or nothing that makes sense. */
	readonly claimed: string | undefined;
	/** Where the feed stood when it came. It begins here when its claim cannot be true. */
	readonly joined: string;
}

/** Where a client begins: where it says; or where the feed stood when it came, if it claims to be after that. */
export function startOf({ claimed, joined }: Place): string {
	return claimed === undefined || isAfter(claimed, joined) ? joined : claimed;
}

/** A client has a place in each channel of its feed, in their order. */
export function placeAt(places: readonly Place[], index: number): Place {
	return places[index] ?? { claimed: undefined, joined: beginning };
}

/** Whether anything is missing after a position. `unknown`: only the store can tell. */
export type Verdict = "covered" | "gap" | "unknown";

/** A part of a channel's history without a hole: everything after `start`, up to `end`. */
export class Run {
	/** In their order. */
	#entries: Entry[] = [];
	#start: string;
	#end: string;
	/** Nothing is missing after `start` itself. */
	#covered: boolean;
	/** A tail: where it began. The store may have trimmed that position since. */
	#origin: string | undefined;
	/** Up to here the store was read. The feed does not bring entries that are no messages: later ids may be missing. */
	#readUpTo: string;
	#empty: HistoryPage["empty"];
	#size = 0;
	/** The store has more after its end. */
	more = false;

	private constructor(start: string, covered: boolean) {
		this.#start = start;
		this.#end = start;
		this.#readUpTo = start;
		this.#covered = covered;
	}

	/** A run that begins where the feed stands, for what the feed brings from now on. */
	static from(position: string): Run {
		const run = new this(position, true);
		run.#origin = position;
		return run;
	}

	/** What was read after a position. */
	static read(
		after: string,
		{ covered, messages, more, empty }: HistoryPage,
		decode: (payload: string) => Decoded | undefined,
	): Run {
		const run = new this(after, covered);
		run.#empty = empty;
		run.more = more;
		for (const { id, payload } of messages) {
			const decoded = payload === undefined ? undefined : decode(payload);
			// What somebody else put into the store has no place among the messages, but a page may end there.
			run.#add({ id, decoded: decoded?.storedAt === id ? decoded : undefined });
		}
		run.#readUpTo = run.#end;
		return run;
	}

	get start(): string {
		return this.#start;
	}

	/** The position of a client that was sent all of it. */
	get end(): string {
		return this.#end;
	}

	/** Of the first entry, a message or not. */
	get first(): string | undefined {
		return this.#entries.at(0)?.id;
	}

	/** Of the payloads together, in UTF-16 code units. */
	get size(): number {
		return this.#size;
	}

	get messages(): readonly Decoded[] {
		return this.#entries.flatMap(({ decoded }) => decoded ?? []);
	}

	/** The feed brought a message. */
	append(id: string, decoded: Decoded): void {
		this.#add({ id, decoded });
	}

	/** Nothing is kept between its end and this position. */
	endAt(position: string): void {
		this.#end = later(this.#end, position);
	}

	/** Forgets the oldest, so that no more than this is left, in UTF-16 code units. */
	shrink(size: number): void {
		let count = 0;
		for (; this.#size > size; count++) this.#size -= this.#entries[count]?.decoded?.size ?? 0;
		const last = this.#entries[count - 1];
		if (last === undefined) return;
		this.#entries.splice(0, count);
		this.#start = last.id;
		this.#readUpTo = later(last.id, this.#readUpTo);
		this.#covered = true;
		this.#empty = undefined;
		if (isAfter(last.id, this.#origin ?? beginning)) this.#origin = undefined;
	}

	/** Takes in a run between which and this one nothing is missing. */
	merge(run: Run): void {
		const both = new Map([...run.#entries, ...this.#entries].map((entry) => [entry.id, entry]));
		this.#entries = [...both.values()].sort((a, b) => (isAfter(a.id, b.id) ? 1 : -1));
		this.#size = this.#entries.reduce((sum, { decoded }) => sum + (decoded?.size ?? 0), 0);
		this.#end = later(this.#end, run.#end);
		if (!isAfter(run.#start, this.#readUpTo)) {
			this.#readUpTo = later(this.#readUpTo, run.#readUpTo);
		}
		if (isAfter(run.#start, this.#start)) return;
		this.#covered = run.#covered || run.#start === this.#start;
		this.#start = run.#start;
		this.#empty = run.#empty;
	}

	/** Whether this has everything after a position, which need not be an entry's. */
	reaches(position: string): boolean {
		return !isAfter(this.#start, position);
	}

	/** Judges the position that a client claims to have; undefined: it has none that makes sense. */
	judge(claimed: string | undefined): Verdict {
		if (claimed === undefined) return "gap";
		if (claimed === this.#origin) return "covered";
		if (claimed === this.#start) return this.#covered ? "covered" : "gap";
		if (isEmpty(claimed)) return this.#judgeEmpty(claimed);
		if (!this.reaches(claimed)) return "unknown";
		const index = this.#indexAfter(claimed);
		if (this.#entries[index - 1]?.id === claimed) return "covered";
		return isAfter(claimed, this.#readUpTo) ? "unknown" : "gap";
	}

	/** As `judge`, for a run that is all there is. */
	covers(claimed: string): boolean {
		return this.judge(claimed) === "covered";
	}

	#judgeEmpty(claimed: string): Verdict {
		if (this.#start !== beginning) return "unknown";
		const { from, to } = this.#empty ?? { from: beginning, to: beginning };
		return isWithin(claimed, from, to) ? "covered" : "unknown";
	}

	/** The messages after a position. */
	after(position: string): readonly Decoded[] {
		const entries = this.#entries.slice(this.#indexAfter(position));
		return entries.flatMap(({ decoded }) => decoded ?? []);
	}

	#indexAfter(position: string): number {
		let low = 0;
		for (let high = this.#entries.length; low < high; ) {
			const middle = (low + high) >>> 1;
			if (isAfter(this.#entries[middle]?.id ?? beginning, position)) high = middle;
			else low = middle + 1;
		}
		return low;
	}

	#add(entry: Entry): void {
		this.#entries.push(entry);
		this.#size += entry.decoded?.size ?? 0;
		this.#end = entry.id;
	}
}
