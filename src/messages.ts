import type { Channel, Outlet } from "./channel.ts";
import { parseCursor } from "./cursor.ts";
import type { Decoded } from "./envelope.ts";
import { SseError } from "./errors.ts";
import type { Hub } from "./hub.ts";
import { Message } from "./message.ts";
import { isAfter } from "./position.ts";

export interface MessagesOptions {
	/** Ends the iteration. */
	signal?: AbortSignal | undefined;
	/** With history: goes on after the message of this id; `"0"`: from the oldest that is kept. */
	lastEventId?: string | undefined;
}

/**
 * A channel's messages as an async iterator: a queue between the hub, which pushes, and a reader, who
 * pulls. Hand-written, for an async generator could not be ended while it waits for a message.
 */
export class MessageIterator implements AsyncIterableIterator<Message>, Outlet {
	readonly #hub: Hub;
	readonly #name: string;
	readonly #options: MessagesOptions;
	readonly #queue: { message: Message; size: number }[] = [];
	#queuedSize = 0;
	#waiting: ((step: Promise<IteratorResult<Message>>) => void)[] = [];
	#started: Promise<void> | undefined;
	#stop: (() => void) | undefined;
	/** Holds the live messages back while the history is read. */
	#held: Decoded[] | undefined;
	/** Lets the next page of the history be read. */
	#drained: (() => void) | undefined;
	#done = false;
	#error: Error | undefined;

	constructor(hub: Hub, name: string, options: MessagesOptions) {
		this.#hub = hub;
		this.#name = name;
		this.#options = options;
	}

	[Symbol.asyncIterator](): this {
		return this;
	}

	async next(): Promise<IteratorResult<Message>> {
		this.#started ??= this.#start();
		await this.#started;
		const head = this.#queue.shift();
		if (this.#queue.length === 0) this.#drained?.();
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

	onMessage(_channel: Channel, decoded: Decoded): void {
		if (this.#held === undefined) this.#push(decoded.message, decoded.size);
		else this.#held.push(decoded);
	}

	onGap(channel: Channel, lastEventId: string | undefined): void {
		this.#push(new Message({ channel: channel.name, lastEventId }, { type: "sse.gap" }), 0);
	}

	onEnd(_channel: Channel, error: Error): void {
		this.#finish(error);
	}

	#push(message: Message, size: number): void {
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

	async #start(): Promise<void> {
		if (this.#done) return;
		const { signal, lastEventId } = this.#options;
		if (signal?.aborted) return this.#finish();
		signal?.addEventListener("abort", this.#aborted, { once: true });
		if (lastEventId !== undefined) this.#held = [];
		try {
			const { channel, stop } = await this.#hub.listen(this.#name, this);
			this.#stop = stop;
			// It may have been ended while the subscription was being set up.
			if (this.#done) stop();
			else if (lastEventId !== undefined) void this.#replay(channel, lastEventId);
		} catch (error) {
			this.#finish(error instanceof Error ? error : new Error(String(error)));
		}
	}

	async #replay(channel: Channel, lastEventId: string): Promise<void> {
		try {
			const position = await this.#readHistory(channel, lastEventId);
			const held = this.#held ?? [];
			this.#held = undefined;
			for (const decoded of held) {
				const { storedAt } = decoded;
				if (storedAt !== undefined && !isAfter(storedAt, position)) continue;
				this.#push(decoded.message, decoded.size);
			}
		} catch (error) {
			this.#finish(error instanceof Error ? error : new Error(String(error)));
		}
	}

	/** @returns the position that was reached. */
	async #readHistory(channel: Channel, lastEventId: string): Promise<string> {
		let { position } = channel;
		if (channel.history === undefined) return position;
		const [from] = parseCursor([this.#name], lastEventId);
		if (from === undefined) this.onGap(channel, undefined);
		else position = from;
		for (let more = from !== undefined; more && !this.#done; ) {
			const page = await channel.read(position);
			if (!page.covers(position)) this.onGap(channel, position);
			// What was asked for is no burden: the next page is read when this one has been.
			for (const { message } of page.messages) this.#push(message, 0);
			({ end: position, more } = page);
			if (more && this.#queue.length > 0) {
				await new Promise<void>((resolve) => {
					this.#drained = resolve;
				});
			}
		}
		return position;
	}

	readonly #aborted = (): void => this.#finish();

	/** What was queued before can still be read; after it, the error once, then the end. */
	#finish(error?: Error): void {
		if (this.#done) return;
		this.#done = true;
		this.#error = error;
		this.#stop?.();
		this.#drained?.();
		this.#options.signal?.removeEventListener("abort", this.#aborted);
		for (const reader of this.#waiting.splice(0)) reader(this.#last());
	}

	async #last(): Promise<IteratorResult<Message>> {
		const error = this.#error;
		this.#error = undefined;
		if (error !== undefined) throw error;
		return { done: true, value: undefined };
	}
}
