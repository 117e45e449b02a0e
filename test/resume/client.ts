import type { ServerSentEvents } from "../../src/core/sse.ts";
import { EventStream } from "../support/event-stream.ts";

export interface OpenOptions {
	/** Sent as the header. */
	lastEventId?: string | undefined;
	/** Added to the URL's query, beside the channels. */
	query?: Record<string, string>;
	/** Passed as an argument of `stream`, instead of `fetch`. */
	recent?: number;
	/** Begins without reading. */
	paused?: boolean;
}

/**
 * A client of `sse.fetch`, which reads its stream through the real parser and keeps the id as a browser does.
 */
export class Client extends EventStream {
	readonly channels: readonly string[];
	/** Bytes as they came, chunk by chunk. */
	readonly chunks: Uint8Array[] = [];
	readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
	readonly #decoder = new TextDecoder();
	#unread = "";
	#lastEventId: string | undefined;
	#reading: Promise<void> | undefined;
	#paused: boolean;

	static async open(
		sse: ServerSentEvents,
		channels: readonly string[],
		{ lastEventId, query = {}, recent, paused = false }: OpenOptions = {},
	): Promise<Client> {
		const url = new URL("http://hub.test/stream");
		for (const channel of channels) url.searchParams.append("channel", channel);
		for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
		const headers = lastEventId === undefined ? {} : { "last-event-id": lastEventId };
		const request = new Request(url, { headers });
		const response =
			recent === undefined ? await sse.fetch(request) : await sse.stream(request, { recent });
		return new Client(response, channels, lastEventId, paused);
	}

	constructor(
		response: Response,
		channels: readonly string[],
		lastEventId: string | undefined,
		paused: boolean,
	) {
		const { status, headers, body } = response;
		if (body === null) throw new Error(`${status}: no body`);
		const reader = body.getReader();
		// A stream that has ended, or broken, needs no leave.
		const leave = () => void reader.cancel().catch(() => undefined);
		super({ url: channels.join(), status, headers, leave });
		this.channels = channels;
		this.#reader = reader;
		this.#lastEventId = lastEventId;
		this.#paused = paused;
		if (!paused) this.resume();
	}

	/** What a browser would send when it comes back: the last id, with an event or without. */
	get lastEventId(): string | undefined {
		return this.#lastEventId;
	}

	/** The data of the events so far, without the gaps. */
	get seen(): unknown[] {
		return this.events
			.filter(({ event }) => event !== "sse.gap")
			.map(({ data }) => JSON.parse(data));
	}

	/** The gaps so far. */
	get gaps(): { channel: string; lastEventId?: string }[] {
		return this.events
			.filter(({ event }) => event === "sse.gap")
			.map(({ data }) => JSON.parse(data));
	}

	pause(): void {
		this.#paused = true;
	}

	/** Reads on, unless it is paused. */
	resume(): void {
		this.#paused = false;
		this.#reading ??= this.#read();
	}

	/** One chunk, of a client that is paused. */
	async readOne(): Promise<void> {
		await this.#reading;
		await this.#take();
	}

	/** Until it has an id to come back with. */
	async placed(): Promise<string> {
		return this.when(() => this.#lastEventId, "an id");
	}

	/** Until it has seen this many events, without gaps. Resolves to the data of all. */
	async sees(count: number): Promise<unknown[]> {
		await this.when(() => this.seen.length >= count, `${count} messages`);
		return this.seen;
	}

	async #read(): Promise<void> {
		while (!this.#paused && this.state === "open") if (!(await this.#take())) break;
		this.#reading = undefined;
	}

	/** @returns whether there may be more. */
	async #take(): Promise<boolean> {
		try {
			const { done, value } = await this.#reader.read();
			if (done) this.over("ended");
			else {
				this.chunks.push(value);
				this.#track(value);
				this.feed(value);
			}
			return !done;
		} catch {
			this.over("broken"); // a test is notified by the state
			return false;
		}
	}

	// The parser reports only events, and an id counts without one, too.
	#track(bytes: Uint8Array): void {
		const blocks = (this.#unread + this.#decoder.decode(bytes, { stream: true })).split("\n\n");
		this.#unread = blocks.pop() ?? "";
		for (const block of blocks) {
			for (const line of block.split("\n")) {
				if (line.startsWith("id:")) this.#lastEventId = line.slice(3);
			}
		}
	}
}
