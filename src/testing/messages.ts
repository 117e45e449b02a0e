import { createParser } from "eventsource-parser";
import { show } from "./contract/show.ts";
import { clearTimeout, setTimeout } from "./wait.ts";

/** One event, as a browser gets it. */
export interface ReceivedMessage {
	/** `message` where the stream names none. */
	type: string;
	/** The text of the data. Anything but a string was published as JSON. */
	data: string;
	/** The latest id, of this event or an earlier one. */
	lastEventId: string;
}

/** The options of waiting for a message. */
export interface WaitOptions {
	/**
	 * How long to wait, in ms.
	 *
	 * @defaultValue `5_000`
	 */
	timeout?: number | undefined;
}

/**
 * Reads the messages of an event stream, with a parser like a browser's.
 *
 * @example
 * ```ts
 * import { readMessages } from "edge-sse/testing";
 *
 * const messages = readMessages(await sse.fetch(new Request("http://localhost/?channel=news")));
 * await sse.publish("Hello!", { channel: "news" });
 * const { type, data } = await messages.nth(1); // "message", "Hello!"
 * await messages.close();
 * ```
 *
 * @throws {TypeError} when the response is no event stream, for example a 403.
 */
export function readMessages(response: Response): MessageReader {
	const { status, headers, body } = response;
	const type = headers.get("content-type") ?? "without a content type";
	if (status !== 200 || !/^text\/event-stream\b/.test(type) || body === null) {
		throw new TypeError(`readMessages: the response is no event stream, but ${status}, ${type}.`);
	}
	return new MessageReader(body);
}

/**
 * The messages of one stream, from its beginning. Leaving a `for await` over them closes the
 * stream.
 *
 * @example
 * ```ts
 * for await (const { type, data } of messages) console.log(type, data);
 * ```
 */
export class MessageReader implements AsyncIterable<ReceivedMessage> {
	/** All messages so far. */
	readonly received: ReceivedMessage[] = [];
	/** The latest reconnection time that was sent, in ms. */
	retry: number | undefined;
	readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
	/** Settles when the stream is over. */
	readonly #reading: Promise<void>;
	readonly #watchers = new Set<() => void>();
	#lastEventId = "";
	#ended = false;
	#error: unknown;

	constructor(body: ReadableStream<Uint8Array>) {
		this.#reader = body.getReader();
		this.#reading = this.#read();
	}

	/** Whether the stream has ended, broken or been closed. */
	get ended(): boolean {
		return this.#ended;
	}

	/**
	 * The n-th message of the stream, from 1.
	 *
	 * @example
	 * ```ts
	 * const { data } = await messages.nth(1, { timeout: 1_000 });
	 * ```
	 *
	 * @throws {Error} (the promise rejects) when it does not come within the timeout, or before
	 *   the stream ends.
	 */
	nth(n: number, options?: WaitOptions): Promise<ReceivedMessage> {
		return this.#wait(() => this.received[n - 1], `message ${n}`, options);
	}

	/**
	 * The first message of the stream that matches.
	 *
	 * @example
	 * ```ts
	 * const order = await messages.find(({ type }) => type === "order");
	 * ```
	 *
	 * @throws {Error} (the promise rejects) when it does not come within the timeout, or before
	 *   the stream ends.
	 */
	find(
		matches: (message: ReceivedMessage) => boolean,
		options?: WaitOptions,
	): Promise<ReceivedMessage> {
		return this.#wait(() => this.received.find(matches), "the message looked for", options);
	}

	/**
	 * Resolves when the server has ended the stream.
	 *
	 * @example
	 * ```ts
	 * await sse.close();
	 * await messages.end();
	 * ```
	 *
	 * @throws {Error} (the promise rejects) when that takes longer than the timeout, or when the
	 *   connection broke.
	 */
	async end({ timeout }: WaitOptions = {}): Promise<void> {
		await this.#wait(() => this.#ended, "the end of the stream", { timeout });
		if (this.#error !== undefined) throw this.#error;
	}

	/**
	 * Leaves, like a browser that closes its EventSource. Idempotent.
	 *
	 * @example
	 * ```ts
	 * await messages.close();
	 * ```
	 */
	async close(): Promise<void> {
		// If the stream broke, everyone who waited has been told.
		await this.#reader.cancel().catch(() => undefined);
		await this.#reading;
	}

	/** Iterates from the stream's beginning to its end, also when called late. */
	async *[Symbol.asyncIterator](): AsyncGenerator<ReceivedMessage, void, void> {
		try {
			for (let at = 0; ; at++) {
				await this.#wait(() => at < this.received.length || this.#ended, "", { timeout: Infinity });
				const message = this.received[at];
				if (message === undefined) break;
				yield message;
			}
			if (this.#error !== undefined) throw this.#error;
		} finally {
			await this.close();
		}
	}

	async #read(): Promise<void> {
		const decoder = new TextDecoder();
		const parser = createParser({
			onEvent: ({ event = "message", data, id = this.#lastEventId }) => {
				this.#lastEventId = id;
				this.received.push({ type: event, data, lastEventId: id });
			},
			onRetry: (retry) => {
				this.retry = retry;
			},
		});
		try {
			for (;;) {
				const { done, value } = await this.#reader.read();
				if (done) break;
				parser.feed(decoder.decode(value, { stream: true }));
				this.#changed();
			}
		} catch (error) {
			this.#error = error;
		}
		this.#ended = true;
		this.#changed();
	}

	#changed(): void {
		for (const look of [...this.#watchers]) look();
	}

	#wait<T>(
		condition: () => T,
		what: string,
		{ timeout = 5_000 }: WaitOptions = {},
	): Promise<NonNullable<T>> {
		return new Promise((resolve, reject) => {
			let timer: ReturnType<typeof setTimeout> | undefined;
			const settle = (done: () => void) => {
				clearTimeout(timer);
				this.#watchers.delete(look);
				done();
			};
			const fail = (why: string) => {
				const came = `${this.received.length} messages came, the last ${show(this.received.at(-1))}`;
				settle(() => reject(new Error(`${why}; ${came}.`, { cause: this.#error })));
			};
			const look = () => {
				const value = condition();
				if (value) settle(() => resolve(value));
				else if (this.#ended) fail(`The stream is over without ${what}`);
			};
			this.#watchers.add(look);
			if (timeout < Infinity) {
				timer = setTimeout(() => fail(`Waited ${timeout} ms for ${what}`), timeout);
			}
			look();
		});
	}
}
