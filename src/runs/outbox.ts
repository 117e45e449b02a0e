import { SseError } from "../core/errors.ts";
import { exceeds } from "../core/message/text.ts";
import type { RunAppended } from "../core/run-store.ts";
import { RunError, refusalOf } from "./errors.ts";
import { chunkPayload } from "./messages.ts";
import type { CheckedRunsOptions } from "./options.ts";

/** Unsent characters before the source has to wait. */
const mostUnsent = 1_048_576;

/** Messages per call. */
const mostTogether = 1_000;

/** The pauses between retries while the broker is away, in ms: the first and the longest. */
const firstPause = 50;
const longestPause = 1_000;

/** The dependencies of an outbox. */
export interface Sending {
	readonly options: Pick<CheckedRunsOptions, "batch" | "limits" | "timeout">;
	/** In ms. */
	readonly lease: number;
	append(payloads: readonly string[], from: number): Promise<RunAppended>;
	/** Somebody asked to cancel the run. May be called more than once. */
	onCancel(reason: string): void;
	/** Nothing more is accepted. Called once. */
	onFailure(error: Error): void;
}

/**
 * Chunks of a producer that are not yet stored. They are batched and sent in order, one call at a time, and sent again while
 * the broker is away. Each call says how many chunks came before it, so none is stored twice.
 */
export class Outbox {
	readonly #sending: Sending;
	/** Text that may still grow. It becomes one message when it is sent. */
	#text = "";
	#payloads: string[] = [];
	/** In flight, or waiting for a retry. */
	#batch: readonly string[] = [];
	#unsent = 0;
	#stored = 0;
	#isBusy = false;
	#isFlushing = false;
	/** When the last call began, as `performance.now()` gives it. The claim is a call, a retry is none. */
	#lastCall = performance.now();
	#isFirst = true;
	#waitingSince: number | undefined;
	#timer: ReturnType<typeof setTimeout> | undefined;
	#armedTo: "send" | "renew" | undefined;
	#error: Error | undefined;
	#waiting: (() => void)[] = [];

	constructor(sending: Sending) {
		this.#sending = sending;
		this.#arm();
	}

	/**
	 * Accepts a chunk.
	 *
	 * @returns a promise to await before the next chunk, when too much is unsent.
	 * @throws {TypeError} when the value is not JSON. @throws {RunError} `run_limit` when it is too large.
	 */
	add(chunk: unknown): Promise<void> | undefined {
		if (this.#error !== undefined) throw this.#error;
		if (typeof chunk === "string") this.#addText(chunk);
		else {
			this.#sealText(true);
			this.#addPayload(chunkPayload(chunk));
		}
		this.#go();
		return this.#unsent > mostUnsent ? this.#settled(() => this.#unsent <= mostUnsent) : undefined;
	}

	/** Sends everything, and resolves when it is stored. @throws when it cannot be stored. */
	async flush(): Promise<void> {
		if (this.#error !== undefined) throw this.#error;
		this.#isFlushing = true;
		try {
			this.#go();
			await this.#settled(() => this.#unsent === 0 && !this.#isBusy);
		} finally {
			// Later chunks form a new batch.
			this.#isFlushing = false;
		}
	}

	/** Stops sending. */
	close(): void {
		this.#error ??= new RunError("superseded", "The run's producer is done.");
		this.#disarm();
	}

	#addText(text: string): void {
		if (text === "") return;
		const { chunkBytes } = this.#sending.options.limits;
		// Pieces are joined up to the size of a batch; a larger piece is a message of its own.
		if (this.#text.length > 0 && this.#text.length + text.length > chunkBytes / 4) {
			this.#sealText(false);
		}
		this.#text += text;
		this.#unsent += text.length;
	}

	/** @param whole also sends half of a surrogate pair at the end, which otherwise waits for its other half. */
	#sealText(whole: boolean): void {
		const text = this.#text;
		const sealed = !whole && isCut(text) ? text.slice(0, -1) : text;
		if (sealed === "") return;
		this.#text = text.slice(sealed.length);
		this.#unsent -= sealed.length;
		// An unpaired half has no form in UTF-8.
		this.#addPayload(chunkPayload(whole ? sealed.toWellFormed() : sealed));
	}

	#addPayload(payload: string): void {
		const { chunkBytes } = this.#sending.options.limits;
		if (exceeds(payload, chunkBytes)) {
			throw new RunError(
				"run_limit",
				`A chunk has at most ${chunkBytes} bytes; see limits.chunkBytes of Runs.`,
			);
		}
		this.#payloads.push(payload);
		this.#unsent += payload.length;
	}

	/** Whether there is more to send than a waiting half of a surrogate pair. */
	get #isSendable(): boolean {
		return this.#unsent > (!this.#isFlushing && isCut(this.#text) ? 1 : 0);
	}

	/** Sends when it is time. */
	#go(): void {
		if (this.#isBusy || this.#error !== undefined) return;
		const { wait, bytes } = this.#sending.options.batch;
		const now = performance.now();
		const isEnough = this.#isFirst || this.#isFlushing || this.#unsent >= bytes;
		const isDue = isEnough || now >= this.#lastCall + wait;
		if (this.#isSendable && isDue) void this.#send(now);
		else this.#arm();
	}

	/** Wakes when the batch is due, or else when the lease needs renewal. */
	#arm(): void {
		const what = this.#isSendable ? "send" : "renew";
		// This runs for every chunk.
		if (this.#armedTo === what) return;
		this.#disarm();
		this.#armedTo = what;
		const { lease, options } = this.#sending;
		// Waiting chunks do not renew the lease.
		const pause = Math.min(lease / 3, what === "send" ? options.batch.wait : Infinity);
		const ms = Math.max(0, this.#lastCall + pause - performance.now());
		this.#timer = setTimeout(() => void this.#send(performance.now()), ms);
	}

	#disarm(): void {
		clearTimeout(this.#timer);
		this.#armedTo = undefined;
	}

	async #send(now: number): Promise<void> {
		this.#disarm();
		this.#isBusy = true;
		this.#isFirst &&= !this.#isSendable;
		this.#lastCall = now;
		this.#waitingSince ??= now;
		try {
			if (this.#batch.length === 0) {
				this.#sealText(this.#isFlushing);
				this.#batch = this.#payloads.slice(0, mostTogether);
				this.#payloads = this.#payloads.slice(mostTogether);
			}
			this.#took(await this.#sending.append(this.#batch, this.#stored));
		} catch (error) {
			await this.#failed(error);
			return;
		}
		this.#next();
	}

	#next(): void {
		this.#isBusy = false;
		for (const resolve of this.#waiting.splice(0)) resolve();
		this.#go();
	}

	#took(answer: RunAppended): void {
		if (answer.refused !== undefined) throw refusalOf(answer);
		this.#stored += this.#batch.length;
		for (const payload of this.#batch) this.#unsent -= payload.length;
		this.#batch = [];
		this.#waitingSince = undefined;
		if (answer.cancel !== undefined) this.#sending.onCancel(answer.cancel);
	}

	/** Retries until the time is up. */
	async #failed(failure: unknown): Promise<void> {
		const { timeout } = this.#sending.options;
		let error: unknown = failure;
		for (let pause = firstPause; ; pause = Math.min(longestPause, 2 * pause)) {
			if (this.#error !== undefined) return;
			if (!(error instanceof SseError) || error.code !== "unavailable") break;
			const waited = performance.now() - (this.#waitingSince ?? performance.now());
			if (waited > timeout) {
				const text = `The run's chunks could not be stored for ${timeout} ms; see \`timeout\` of Runs.`;
				error = new RunError("run_timeout", text, { cause: error });
				break;
			}
			await new Promise((resolve) => setTimeout(resolve, pause * (0.5 + Math.random() / 2)));
			try {
				this.#took(await this.#sending.append(this.#batch, this.#stored));
				this.#next();
				return;
			} catch (again) {
				error = again;
			}
		}
		this.#fail(error instanceof Error ? error : new Error(String(error)));
	}

	#fail(error: Error): void {
		if (this.#error !== undefined) return;
		this.#error = error;
		this.#isBusy = false;
		this.#disarm();
		this.#payloads = [];
		this.#batch = [];
		this.#sending.onFailure(error);
		for (const resolve of this.#waiting.splice(0)) resolve();
	}

	async #settled(isDone: () => boolean): Promise<void> {
		while (this.#error === undefined && !isDone()) {
			await new Promise<void>((resolve) => this.#waiting.push(resolve));
		}
		if (this.#error !== undefined) throw this.#error;
	}
}

/** Whether a text ends inside a surrogate pair. */
function isCut(text: string): boolean {
	const last = text.charCodeAt(text.length - 1);
	return last >= 0xd800 && last < 0xdc00;
}
