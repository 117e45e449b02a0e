import type { Disconnect } from "../control/disconnect.ts";
import { gapError, SseError } from "../errors.ts";
import { parseCursor, withLive } from "../history/cursor.ts";
import type { Log } from "../history/log.ts";
import { type Place, startOf } from "../history/run.ts";
import type { Decoded } from "../message/envelope.ts";
import { Message } from "../message/message.ts";
import { isSame } from "../message/position.ts";
import type { Channel, Outlet } from "./channel.ts";
import type { Hub } from "./hub.ts";

/** The options of `sse.messages()`. */
export interface MessagesOptions {
	/**
	 * Ends the iteration.
	 *
	 * @defaultValue none
	 */
	signal?: AbortSignal | undefined;
	/**
	 * With history: continues after the message with this id. `"0"`: from the oldest that is
	 * kept.
	 *
	 * @defaultValue none: only new messages
	 */
	lastEventId?: string | undefined;
}

/** How long a reader that is ahead of the feed waits for the feed, in ms. */
const feedPause = 100;

/**
 * A channel's messages as an async iterator: a queue between the hub, which pushes, and a
 * reader, who pulls. It is written by hand, because an async generator cannot be ended while it
 * waits for a message.
 */
export class MessageIterator implements AsyncIterableIterator<Message>, Outlet {
	readonly onDisconnect: ((disconnect: Disconnect) => void) | undefined;
	readonly #hub: Hub;
	readonly #name: string;
	readonly #options: MessagesOptions;
	readonly #queue: { message: Message; size: number }[] = [];
	#queuedSize = 0;
	#waiting: ((step: Promise<IteratorResult<Message>>) => void)[] = [];
	#started: Promise<void> | undefined;
	#stop: (() => void) | undefined;
	/** It gets messages from the history, and none from the feed yet. */
	#behind = false;
	/** Allows the next page of the history to be read. */
	#drained: (() => void) | undefined;
	#done = false;
	#error: Error | undefined;

	/** @param onDisconnect is told by the channel's broker which streams to end. */
	constructor(
		hub: Hub,
		name: string,
		options: MessagesOptions,
		onDisconnect?: (disconnect: Disconnect) => void,
	) {
		this.onDisconnect = onDisconnect;
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

	onMessage(_channel: Channel, decoded: Decoded, position: string | undefined): void {
		// A message that is not stored cannot be read later, so it goes first.
		if (!this.#behind || position === undefined) this.#push(decoded.message, decoded.size);
	}

	onGap(channel: Channel, position: string): void {
		// A reader that is behind finds the gap by its own position.
		if (!this.#behind) this.#pushGap(channel, position);
	}

	onEnd(_channel: Channel, error: Error): void {
		this.#finish(error);
	}

	#pushGap(channel: Channel, lastEventId: string | undefined): void {
		this.#push(new Message({ channel: channel.name, lastEventId }, { type: "sse.gap" }), 0);
	}

	#push(message: Message, size: number): void {
		if (this.#done) return;
		const reader = this.#waiting.shift();
		if (reader !== undefined) {
			reader(Promise.resolve({ done: false, value: message }));
			return;
		}
		this.#queue.push({ message, size });
		this.#queuedSize += size;
		if (this.#queuedSize > this.#hub.bufferedBytes) {
			const rule = `more than ${this.#hub.bufferedBytes} unread characters were buffered`;
			this.#finish(new SseError("slow_consumer", `messages(): ${rule}.`));
		}
	}

	async #start(): Promise<void> {
		if (this.#done) return;
		const { signal, lastEventId } = this.#options;
		if (signal?.aborted) return this.#finish();
		signal?.addEventListener("abort", this.#aborted, { once: true });
		this.#behind = lastEventId !== undefined;
		try {
			const { channels, stop } = await this.#hub.listen([this.#name], this);
			const [channel] = channels;
			this.#stop = stop;
			// It may have been ended while the subscription was being set up.
			if (this.#done) stop();
			else if (lastEventId === undefined || channel?.log === undefined) this.#behind = false;
			else void this.#replay(channel, channel.log, lastEventId);
		} catch (error) {
			this.#finish(error instanceof Error ? error : new Error(String(error)));
		}
	}

	async #replay(channel: Channel, log: Log, lastEventId: string): Promise<void> {
		log.retain();
		try {
			await this.#catchUp(channel, log, lastEventId);
		} catch (error) {
			this.#finish(error instanceof Error ? error : new Error(String(error)));
		} finally {
			log.release();
		}
	}

	/** Catches up with the feed like a stream in `Replay`, one page per read. */
	async #catchUp(channel: Channel, log: Log, lastEventId: string): Promise<void> {
		const joined = channel.position;
		const [claimed] = withLive(parseCursor([this.#name], lastEventId), [joined]);
		for (let place: Place = { claimed, joined }; this.#behind; ) {
			log.open();
			const read = log.canServe(place)
				? undefined
				: await log.read(startOf(place), log.isAhead(place));
			const step = log.step(place, read);
			if (this.#done) return;
			if (step?.gap) this.#tellGap(channel, place.claimed);
			// The reader sets the pace: the next page is read after this one.
			for (const { message } of step?.messages ?? []) this.#push(message, 0);
			const isStuck = step === undefined || step.claimed === place.claimed;
			place = step ?? place;
			if (place.claimed !== undefined && isSame(place.claimed, channel.position)) {
				this.#behind = false;
			}
			// The feed may have to catch up with the history.
			else if (isStuck) await new Promise((resolve) => setTimeout(resolve, feedPause));
			else await this.#drain();
		}
	}

	#tellGap(channel: Channel, position: string | undefined): void {
		this.#pushGap(channel, position);
		this.#hub.report(gapError(position), { stage: "replay", channel: channel.name });
	}

	async #drain(): Promise<void> {
		if (this.#done || this.#queue.length === 0) return;
		await new Promise<void>((resolve) => {
			this.#drained = resolve;
		});
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
