import type { Log } from "../history/log.ts";
import type { Run } from "../history/run.ts";
import { beginning, isAfter, isEmpty } from "../message/position.ts";
import type { Semaphore } from "../scheduling.ts";

/** What a recovery needs of its channel. */
export interface Recovering {
	readonly ended: boolean;
	/** Where the feed stands. */
	position: string;
	/** @param judged the store has been read since it came: what is not stored is not what it says. */
	dispatch(payload: string, judged: boolean): void;
	dispatchPage(page: Run): void;
	/** Messages after the position are gone. */
	gap(position: string): void;
	/** @param passed what is not after it was passed on before, and may come again. */
	moveTo(position: string, passed: string): void;
	report(error: unknown): void;
}

/** What is held back while the history is read, in UTF-16 code units; past it, it is read again. */
const heldLimit = 4_194_304;

/** Reads that check what came are so far apart, in ms. */
const checkPause = 100;

/** What came while something older may still have to be passed on. */
class Held {
	#payloads: string[] = [];
	#size = 0;
	/** It was too much, and some of it is not here. */
	overflowed = false;

	get count(): number {
		return this.#payloads.length;
	}

	add(payload: string): void {
		this.#size += payload.length;
		this.#payloads.push(payload);
		if (this.#size <= heldLimit) return;
		this.take();
		this.overflowed = true;
	}

	take(): string[] {
		const payloads = this.#payloads;
		this.#payloads = [];
		this.#size = 0;
		return payloads;
	}
}

type State =
	| { readonly is: "live" }
	/** It is not known yet where the feed stands; the subscription may be lost, or back, already. */
	| {
			readonly is: "starting";
			readonly held: Held;
			readonly lost: boolean;
			readonly again: boolean;
	  }
	| { readonly is: "lost"; readonly held: Held }
	/** The history is read on from where the feed stands; again, when something happened since. */
	| { readonly is: "reading"; readonly held: Held; readonly again: boolean }
	/** The history is asked for a message whose id cannot be true. */
	| { readonly is: "checking"; readonly held: Held };

/**
 * Keeps a channel's feed without a hole: what comes is held back until what was missed before it has been read
 * from the history.
 */
export class Recovery {
	readonly #channel: Recovering;
	readonly #log: Log;
	readonly #reads: Semaphore;
	#state: State = { is: "starting", held: new Held(), lost: false, again: false };
	#looping = false;
	/** As `performance.now()` has it. */
	#checkedAt = Number.NEGATIVE_INFINITY;

	constructor(channel: Recovering, log: Log, reads: Semaphore) {
		this.#channel = channel;
		this.#log = log;
		this.#reads = reads;
	}

	get isLive(): boolean {
		return this.#state.is === "live";
	}

	/** @returns false when the payload may be passed on at once. */
	holdBack(payload: string): boolean {
		if (this.#state.is === "live") return false;
		this.#state.held.add(payload);
		return true;
	}

	/** It is known where the feed stands. */
	started(): void {
		const state = this.#state;
		if (state.is !== "starting") return;
		const { held } = state;
		if (state.lost) this.#state = { is: "lost", held };
		else if (state.again || held.overflowed) this.#read(held);
		else this.#release(held);
	}

	/** From now on: what is new may arrive just before the word that the subscription is back. */
	lost(): void {
		const state = this.#state;
		if (state.is === "starting") this.#state = { ...state, lost: true };
		else this.#state = { is: "lost", held: heldBy(state) };
	}

	/** It may have been lost and restored while the history was still being read. */
	restored(): void {
		const state = this.#state;
		if (state.is === "starting") this.#state = { ...state, lost: false, again: true };
		else this.#read(heldBy(state));
	}

	/** Asks the store for a message that came, before anything newer is passed on. */
	check(payload: string): void {
		if (this.holdBack(payload)) return;
		const held = new Held();
		held.add(payload);
		this.#state = { is: "checking", held };
		void this.#check();
	}

	#read(held: Held): void {
		this.#state = { is: "reading", held, again: this.#looping };
		if (!this.#looping) void this.#loop();
	}

	/** Reads until there was nothing more, and nothing was lost since that read began. */
	async #loop(): Promise<void> {
		this.#looping = true;
		let pause = 100;
		for (
			let state = this.#state;
			state.is === "reading" && !this.#channel.ended;
			state = this.#state
		) {
			const { held } = state;
			held.overflowed = false;
			const begun: State = { is: "reading", held, again: false };
			this.#state = begun;
			try {
				const more = await this.#reads.run(() => this.#readOn());
				// What is held is released within this very turn: a loss that comes now has its own recovery.
				if (this.#state === begun && !more && !held.overflowed) this.#release(held);
			} catch (error) {
				this.#channel.report(error);
				await delay(pause * (0.5 + Math.random() / 2));
				pause = Math.min(pause * 2, 5_000);
			}
		}
		this.#looping = false;
	}

	/**
	 * Passes on what is kept after where the feed stands; where that is not kept, what there is after the gap.
	 *
	 * @returns whether there is more.
	 */
	async #readOn(): Promise<boolean> {
		const channel = this.#channel;
		const from = channel.position;
		let page = await this.#log.readNow(from);
		let head = from;
		if (!page.covers(from) && page.first === undefined) {
			// The store is another one, or has lost its end. What is published meanwhile comes after the gap.
			head = await this.#log.head();
			page = await this.#log.readNow(from);
		}
		// Nothing is awaited from here on: whoever comes back to this position is told as well.
		const { position } = channel;
		if (!page.covers(position) && !isAfter(position, page.end)) {
			channel.gap(position);
			if (page.first === undefined) {
				// Unless the clock of the new store is behind: then all that it gives is new.
				const old = isEmpty(head) && !isAfter(position, head.slice(1));
				channel.moveTo(head, old ? position : beginning);
			}
		}
		if (page.first !== undefined) channel.dispatchPage(page);
		return page.more;
	}

	/** Reads what is kept; what came before and is not there was never stored. */
	async #check(): Promise<void> {
		await delay(Math.max(0, this.#checkedAt + checkPause - performance.now()));
		const state = this.#state;
		if (state.is !== "checking" || this.#channel.ended) return;
		this.#checkedAt = performance.now();
		const { held } = state;
		const { count } = held;
		try {
			for (let more = true; more && this.#state === state && !this.#channel.ended; ) {
				const page = await this.#reads.run(() => this.#log.readNow(this.#channel.position));
				this.#channel.dispatchPage(page);
				({ more } = page);
			}
		} catch (error) {
			this.#channel.report(error);
			if (this.#state === state) this.#read(held);
			return;
		}
		// Lost meanwhile: what is held is judged after that.
		if (this.#state !== state) return;
		if (held.overflowed) this.#read(held);
		else this.#release(held, count);
	}

	/** @param judged how many of the first the history was read for. */
	#release(held: Held, judged = 0): void {
		this.#state = { is: "live" };
		for (const [index, payload] of held.take().entries()) {
			// One that is to be checked holds back those after it.
			if (!this.holdBack(payload)) this.#channel.dispatch(payload, index < judged);
		}
	}
}

function heldBy(state: State): Held {
	return state.is === "live" ? new Held() : state.held;
}

function delay(ms: number): Promise<void> {
	return new Promise((resolve) => setTimeout(resolve, ms));
}
