import type { Log } from "../history/log.ts";
import type { Run } from "../history/run.ts";
import { beginning, isAfter, isEmpty } from "../message/position.ts";
import type { Semaphore } from "../scheduling.ts";

/** What a recovery needs of its channel. */
export interface Recovering {
	readonly ended: boolean;
	/** The position of the last message that was passed on. */
	position: string;
	/**
	 * @param judged whether the store was asked after the payload came. Then a message whose id is still ahead of the
	 *   broker's time is forged, and is dropped.
	 */
	dispatch(payload: string, judged: boolean): void;
	dispatchPage(page: Run): void;
	/** @param head of the store, which tells the broker's time. */
	learn(head: string): void;
	/** Messages after the position are lost. */
	gap(position: string): void;
	/** @param passed messages up to here were passed on before, and may come again. */
	moveTo(position: string, passed: string): void;
	report(error: unknown): void;
}

/** The most that is held back during a read, in UTF-16 code units. Beyond it, the history is read again. */
const heldLimit = 4_194_304;

/** The pause between questions about suspicious ids, in ms. */
const checkPause = 100;

/** Payloads that wait because older messages may be missing. */
class Held {
	#payloads: string[] = [];
	#size = 0;
	/** Some payloads did not fit and were dropped. */
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
	/** The channel's position is not known yet. The subscription may already be lost, or restored. */
	| {
			readonly is: "starting";
			readonly held: Held;
			readonly lost: boolean;
			readonly again: boolean;
	  }
	| { readonly is: "lost"; readonly held: Held }
	/** The history is being read from the channel's position. A new object of this kind: it is read again. */
	| { readonly is: "reading"; readonly held: Held }
	/** The store is asked for its newest message, because one with an implausible id came. */
	| { readonly is: "checking"; readonly held: Held };

/**
 * Keeps a channel free of holes: payloads are held back until missed messages have been read from the history.
 */
export class Recovery {
	readonly #channel: Recovering;
	readonly #log: Log;
	readonly #restorations: Semaphore;
	#state: State = { is: "starting", held: new Held(), lost: false, again: false };
	#looping = false;
	/** As `performance.now()` gives it. */
	#checkedAt = Number.NEGATIVE_INFINITY;

	constructor(channel: Recovering, log: Log, restorations: Semaphore) {
		this.#channel = channel;
		this.#log = log;
		this.#restorations = restorations;
	}

	get isLive(): boolean {
		return this.#state.is === "live";
	}

	/** @returns false when the payload can be passed on at once. */
	holdBack(payload: string): boolean {
		if (this.#state.is === "live") return false;
		this.#state.held.add(payload);
		return true;
	}

	/** The channel's position is known. */
	started(): void {
		const state = this.#state;
		if (state.is !== "starting") return;
		const { held } = state;
		if (state.lost) this.#state = { is: "lost", held };
		else if (state.again || held.overflowed) this.#read(held);
		else this.#release(held);
	}

	/** Holds back from now on: new messages may arrive just before the news that the subscription is restored. */
	lost(): void {
		const state = this.#state;
		if (state.is === "starting") this.#state = { ...state, lost: true };
		else this.#state = { is: "lost", held: heldBy(state) };
	}

	/** The subscription may have been lost and restored during a read. */
	restored(): void {
		const state = this.#state;
		if (state.is === "starting") this.#state = { ...state, lost: false, again: true };
		else this.#read(heldBy(state));
	}

	/** Asks the store for a message before anything newer is passed on. */
	check(payload: string): void {
		if (this.holdBack(payload)) return;
		const held = new Held();
		held.add(payload);
		this.#state = { is: "checking", held };
		void this.#check();
	}

	#read(held: Held): void {
		this.#state = { is: "reading", held };
		if (!this.#looping) void this.#loop();
	}

	/** Reads until the history has no more, and nothing was lost since that read began. */
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
			const begun: State = { is: "reading", held };
			this.#state = begun;
			try {
				const more = await this.#restorations.run(() => this.#readOn());
				// Held payloads are released in this task. A later loss starts its own recovery.
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
	 * Passes on the messages after the channel's position. If they are not kept, reports a gap and passes on what is there.
	 *
	 * @returns whether the history has more.
	 */
	async #readOn(): Promise<boolean> {
		const channel = this.#channel;
		const from = channel.position;
		let page = await this.#log.readNow(from);
		let head = from;
		if (!page.covers(from) && page.first === undefined) {
			// The store was replaced, or lost its newest messages. New messages come after the gap.
			head = await this.#log.head();
			page = await this.#log.readNow(from);
		}
		// No await from here on, so that a client that returns to this position is told of the gap, too.
		const { position } = channel;
		if (!page.covers(position) && !isAfter(position, page.end)) {
			channel.gap(position);
			if (page.first === undefined) {
				// If the new store's clock is behind, everything in it is new.
				const old = isEmpty(head) && !isAfter(position, head.slice(1));
				channel.moveTo(head, old ? position : beginning);
			}
		}
		if (page.first !== undefined) channel.dispatchPage(page);
		return page.more;
	}

	/**
	 * Asks the store for its newest message. A message that came before the question, with an id later than the answer, was
	 * never stored.
	 */
	async #check(): Promise<void> {
		await delay(Math.max(0, this.#checkedAt + checkPause - performance.now()));
		const state = this.#state;
		if (state.is !== "checking" || this.#channel.ended) return;
		this.#checkedAt = performance.now();
		const { held } = state;
		const { count } = held;
		try {
			this.#channel.learn(await this.#restorations.run(() => this.#log.head()));
		} catch (error) {
			this.#channel.report(error);
			if (this.#state === state) this.#read(held);
			return;
		}
		// The subscription was lost meanwhile. Held payloads are judged after that.
		if (this.#state !== state) return;
		if (held.overflowed) this.#read(held);
		else this.#release(held, count);
	}

	/** @param judged how many payloads came before the store was asked. */
	#release(held: Held, judged = 0): void {
		this.#state = { is: "live" };
		for (const [index, payload] of held.take().entries()) {
			// A payload that must be checked holds back the later ones.
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
