import { type ErrorHandler, SseError } from "../errors.ts";
import type { Counters } from "../stats.ts";
import { type Decoded, decode } from "./envelope.ts";
import { exceeds } from "./text.ts";

export interface DecoderOwner {
	/** The largest message, in bytes. A larger one is dropped. */
	readonly messageBytes: number;
	readonly report: ErrorHandler;
	readonly counters: Counters;
}

/** The most bytes that the store puts in front of a published message. */
const longestId = 64;

/** At most one report of dropped messages per channel in this time, in ms. */
const droppedPause = 1_000;

/** Reads a channel's payloads, and drops those that are not messages. */
export class Decoder {
	readonly #channel: string;
	readonly #history: boolean;
	readonly #owner: DecoderOwner;
	#quietUntil = 0;

	constructor(channel: string, history: boolean, owner: DecoderOwner) {
		this.#channel = channel;
		this.#history = history;
		this.#owner = owner;
	}

	decode(payload: string): Decoded | undefined {
		const { messageBytes } = this.#owner;
		try {
			if (exceeds(payload, messageBytes + (this.#history ? longestId : 0))) {
				throw new SseError("bad_message", `Dropped a message of over ${messageBytes} bytes.`);
			}
			return decode(payload, this.#history);
		} catch (error) {
			this.drop(error);
			return undefined;
		}
	}

	/** Counts a message that is not passed on. */
	drop(error: unknown): void {
		this.#owner.counters.droppedMessages++;
		this.#reportDropped(error);
	}

	// Anyone can ask for another application's busy channel, and must not flood the log that way.
	#reportDropped(error: unknown): void {
		const now = Date.now();
		if (now < this.#quietUntil) return;
		this.#quietUntil = now + droppedPause;
		this.#owner.report(error, { stage: "decode", channel: this.#channel });
	}
}
