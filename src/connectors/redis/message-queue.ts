import { atEndOfTurn } from "../../core/scheduling.ts";
import type { LinkEvents } from "./driver.ts";

/**
 * How many messages are handed on per turn of the event loop, unless very many wait. With
 * 10,000 waiting, another request waits at most 42 ms on Node and 35 on Bun, instead of 88 and
 * 64.
 */
const perTurn = 500;

/**
 * When a turn may hand on only this many more messages, its end is scheduled, and the count starts again there. To schedule
 * it after every message would cost 0.6 µs a message where few arrive at a time.
 */
const fewLeft = 250;

/**
 * A turn hands on at least this share of the waiting messages. So the queue stays short, however fast messages arrive.
 */
const part = 0.25;

/** Hands on a connection's events in order, and a limited number of messages per turn. */
export class MessageQueue implements LinkEvents {
	readonly #events: LinkEvents;
	#left = perTurn;
	/** Whether `#next` will run at the end of this turn. */
	#isDue = false;
	readonly #waiting: { channel: string; payload: string }[] = [];

	constructor(events: LinkEvents) {
		this.#events = events;
	}

	onMessage(channel: string, payload: string): void {
		if (this.#left > 0) {
			if (--this.#left <= fewLeft) this.#schedule();
			this.#events.onMessage(channel, payload);
		} else this.#waiting.push({ channel, payload });
	}

	onLost(error: unknown): void {
		this.#handOn(this.#waiting.length);
		this.#events.onLost(error);
	}

	onMoved(channel: string): void {
		this.#handOn(this.#waiting.length);
		this.#events.onMoved(channel);
	}

	#schedule(): void {
		if (this.#isDue) return;
		this.#isDue = true;
		atEndOfTurn(this.#next);
	}

	readonly #next = (): void => {
		this.#isDue = false;
		const count = this.#handOn(Math.max(perTurn, Math.ceil(this.#waiting.length * part)));
		// While messages wait, new ones must wait behind them.
		this.#left = Math.max(0, perTurn - count);
		if (count > 0) this.#schedule();
	};

	/** @returns how many messages it handed on. */
	#handOn(most: number): number {
		const next = this.#waiting.splice(0, most);
		for (const { channel, payload } of next) this.#events.onMessage(channel, payload);
		return next.length;
	}
}
