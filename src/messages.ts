import type { Listener } from "./channel.ts";
import { SseError } from "./errors.ts";
import type { Hub } from "./hub.ts";
import type { Message } from "./message.ts";

/**
 * A channel's messages as an async iterator: a queue between the hub, which pushes, and a reader, who
 * pulls. Hand-written, for an async generator could not be ended while it waits for a message.
 */
export class MessageIterator implements AsyncIterableIterator<Message>, Listener {
	readonly #hub: Hub;
	readonly #channel: string;
	readonly #signal: AbortSignal | undefined;
	readonly #queue: { message: Message; size: number }[] = [];
	#queuedSize = 0;
	#waiting: ((step: Promise<IteratorResult<Message>>) => void)[] = [];
	#started: Promise<void> | undefined;
	#stop: (() => void) | undefined;
	#done = false;
	#error: Error | undefined;

	constructor(hub: Hub, channel: string, signal?: AbortSignal) {
		this.#hub = hub;
		this.#channel = channel;
		this.#signal = signal;
	}

	[Symbol.asyncIterator](): this {
		return this;
	}

	async next(): Promise<IteratorResult<Message>> {
		this.#started ??= this.#start();
		await this.#started;
		const head = this.#queue.shift();
		if (head !== undefined) {
			this.#queuedSize -= head.size;
			return { done: false, value: head.message };
		}
		if (this.#done) return this.#last();
		return new Promise((resolve) => this.#waiting.push(resolve));
	}

	async return(): Promise<IteratorResult<Message>> {
		this.#queue.length = 0;
		this.#finish();
		return { done: true, value: undefined };
	}

	onMessage(message: Message, size: number): void {
		const reader = this.#waiting.shift();
		if (reader !== undefined) {
			reader(Promise.resolve({ done: false, value: message }));
			return;
		}
		this.#queue.push({ message, size });
		this.#queuedSize += size;
		if (this.#queuedSize > this.#hub.maxBufferedBytes) {
			const rule = `more than ${this.#hub.maxBufferedBytes} characters were waiting to be read`;
			this.#finish(new SseError("slow_consumer", `messages(): ${rule}.`));
		}
	}

	onEnd(error: Error): void {
		this.#finish(error);
	}

	async #start(): Promise<void> {
		if (this.#done) return;
		if (this.#signal?.aborted) return this.#finish();
		this.#signal?.addEventListener("abort", this.#aborted, { once: true });
		try {
			const stop = await this.#hub.listen(this.#channel, this);
			// It may have been ended while the subscription was being set up.
			if (this.#done) stop();
			else this.#stop = stop;
		} catch (error) {
			this.#finish(error instanceof Error ? error : new Error(String(error)));
		}
	}

	readonly #aborted = (): void => this.#finish();

	/** What was queued before can still be read; after it, the error once, then the end. */
	#finish(error?: Error): void {
		if (this.#done) return;
		this.#done = true;
		this.#error = error;
		this.#stop?.();
		this.#signal?.removeEventListener("abort", this.#aborted);
		for (const reader of this.#waiting.splice(0)) reader(this.#last());
	}

	async #last(): Promise<IteratorResult<Message>> {
		const error = this.#error;
		this.#error = undefined;
		if (error !== undefined) throw error;
		return { done: true, value: undefined };
	}
}
