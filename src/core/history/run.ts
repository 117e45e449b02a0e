import type { HistoryPage } from "../connector.ts";
import type { Decoded } from "../message/envelope.ts";
import { beginning, isAfter, isEmpty, isWithin, later } from "../message/position.ts";

/** An entry of the store. */
interface Entry {
	readonly id: string;
	/** Undefined: another program wrote the entry. */
	readonly decoded: Decoded | undefined;
}

/** A client's place in one channel. */
export interface Place {
	/** The position that the client gave. Undefined: it gave none, or one that makes no sense. */
	readonly claimed: string | undefined;
	/** The feed's position when the client came. The client begins here if its claim cannot be true. */
	readonly joined: string;
}

/** What a client is sent of one channel, and its place after that. */
export interface Step extends Place {
	/** Whether messages are missing before these. */
	readonly gap: boolean;
	readonly messages: readonly Decoded[];
}

/** Returns where a client begins: at its claim, or at `joined` if the claim is later than that. */
export function startOf({ claimed, joined }: Place): string {
	return claimed === undefined || isAfter(claimed, joined) ? joined : claimed;
}

/** Returns a client's place in a channel of its feed. */
export function placeAt(places: readonly Place[], index: number): Place {
	return places[index] ?? { claimed: undefined, joined: beginning };
}

/** Whether messages are missing after a position. `unknown`: only the store can tell. */
export type Verdict = "covered" | "gap" | "unknown";

/** A part of a channel's history without a hole. It has every message after `start`, up to `end`. */
export class Run {
	/** By position. */
	#entries: Entry[] = [];
	#start: string;
	#end: string;
	/** Whether nothing is missing directly after `start`. */
	#covered: boolean;
	/** Where a tail began. The store may have trimmed that position since. */
	#origin: string | undefined;
	/** How far the store was read. The feed brings only messages, so after this ids of other entries may be missing. */
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

	/** Begins a run at the feed's position, for the messages that the feed will bring. */
	static from(position: string): Run {
		const run = new this(position, true);
		run.#origin = position;
		return run;
	}

	/** Makes a run of what was read after a position. */
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
			// An entry of another program is no message, but a page may end with it.
			run.#add({ id, decoded: decoded?.storedAt === id ? decoded : undefined });
		}
		run.#readUpTo = run.#end;
		return run;
	}

	get start(): string {
		return this.#start;
	}

	/** The position of a client that was sent the whole run. */
	get end(): string {
		return this.#end;
	}

	/** The first entry's id, whether it is a message or not. */
	get first(): string | undefined {
		return this.#entries.at(0)?.id;
	}

	/** The size of all payloads together, in UTF-16 code units. */
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

	/** Moves the end. The store keeps nothing between the old end and this position. */
	endAt(position: string): void {
		this.#end = later(this.#end, position);
	}

	/** Drops the oldest entries until at most this size is left, in UTF-16 code units. */
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

	/** Takes in another run. Nothing may be missing between the two. */
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

	/** Whether the run has every message after a position. The position need not be an entry's. */
	reaches(position: string): boolean {
		return !isAfter(this.#start, position);
	}

	/** Judges the position that a client claims. */
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

	/** Whether nothing is missing after a position. `unknown` counts as missing. */
	covers(claimed: string): boolean {
		return this.judge(claimed) === "covered";
	}

	#judgeEmpty(claimed: string): Verdict {
		if (this.#start !== beginning) return "unknown";
		const { from, to } = this.#empty ?? { from: beginning, to: beginning };
		return isWithin(claimed, from, to) ? "covered" : "unknown";
	}

	/** Returns the messages after a position. */
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
