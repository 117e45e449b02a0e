import { type ConnectorError, closedError } from "../core/errors.ts";
import { pingInterval, type RelayFacts, type RelayLine } from "./protocol.ts";
import { failure, late, type Requests } from "./requests.ts";

/** A stream that is silent for longer, in ms, is given up: the hub writes three times in it. */
const longestSilence = 29_000;

/** The longest line, in UTF-16 code units. */
const longestLine = 67_108_864;

export interface IncomingEvents {
	/**
	 * The hub has taken the request. Called before its first line.
	 *
	 * @throws {ConnectorError} when the relay does not want what it has.
	 */
	onOpen(facts: RelayFacts): void;
	/** A line came, `open` and signs of life excepted. */
	onLine(
		stream: IncomingStream,
		line: Exclude<RelayLine, readonly ["open" | "ping", ...unknown[]]>,
	): void;
	/** It broke, or the hub ended it. Not called after `close()`. */
	onEnd(stream: IncomingStream, error: ConnectorError): void;
}

/** One request for the lines of some channels, from its POST to the end of its stream. */
export class IncomingStream {
	readonly #requests: Requests;
	readonly #via: readonly string[];
	readonly #events: IncomingEvents;
	readonly #abort = new AbortController();
	#reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
	#timer: ReturnType<typeof setInterval> | undefined;
	#heardAt = 0;
	/** The line that has not ended yet. */
	#pieces: string[] = [];
	#length = 0;
	#isOpen = false;
	#closed = false;

	constructor(requests: Requests, via: readonly string[], events: IncomingEvents) {
		this.#requests = requests;
		this.#via = via;
		this.#events = events;
	}

	get isClosed(): boolean {
		return this.#closed;
	}

	/**
	 * Resolves when the hub has taken the request. The channels follow one by one.
	 *
	 * @throws {ConnectorError} `refused`, `unavailable`, or `closed`.
	 */
	async open(channels: readonly string[], positions: boolean): Promise<void> {
		const { timeout } = this.#requests;
		const { signal } = this.#abort;
		const timer = setTimeout(() => this.#leave(late(timeout)), timeout);
		try {
			const asked = { op: "subscribe", channels, positions } as const;
			const response = await this.#requests.post(asked, this.#via, signal);
			this.#reader = response.body?.getReader();
			signal.throwIfAborted();
			while (!this.#isOpen) {
				const { value } = (await this.#reader?.read()) ?? {};
				signal.throwIfAborted();
				if (value === undefined) throw failure("The hub ended the stream.", undefined, signal);
				this.#feed(value);
			}
			this.#heardAt = performance.now();
			this.#timer = setInterval(() => this.#watch(), pingInterval / 2);
			void this.#pump();
		} catch (cause) {
			const error = failure("The stream broke before it began.", cause, signal);
			this.close();
			throw error;
		} finally {
			clearTimeout(timer);
		}
	}

	/** Leaves the hub, without a call to any handler. Idempotent. */
	close(): void {
		this.#closed = true;
		clearInterval(this.#timer);
		this.#leave(closedError("relay's stream"));
	}

	// The signal may not end a body: Deno can lose the link between the two.
	#leave(reason: ConnectorError): void {
		this.#abort.abort(reason);
		this.#reader?.cancel(reason).catch(() => undefined); // a broken stream, whose reader knows
	}

	#watch(): void {
		if (performance.now() - this.#heardAt < longestSilence) return;
		this.#leave(
			failure(`The hub was silent for ${longestSilence} ms.`, undefined, this.#abort.signal),
		);
	}

	async #pump(): Promise<void> {
		let error: ConnectorError;
		try {
			for (;;) {
				const { value } = (await this.#reader?.read()) ?? {};
				if (value === undefined || this.#closed) break;
				this.#heardAt = performance.now();
				this.#feed(value);
			}
			error = failure("The hub ended the stream.", undefined, this.#abort.signal);
		} catch (cause) {
			error = failure("The stream from the hub broke.", cause, this.#abort.signal);
		}
		if (this.#closed) return;
		this.close();
		this.#events.onEnd(this, error);
	}

	readonly #decoder = new TextDecoder();

	#feed(bytes: Uint8Array): void {
		const text = this.#decoder.decode(bytes, { stream: true });
		// A long line is put together once, and not with each of its pieces.
		this.#pieces.push(text);
		this.#length += text.length;
		if (this.#length > longestLine) {
			throw failure("A line has no end.", undefined, this.#abort.signal);
		}
		if (!text.includes("\n")) return;
		const lines = this.#pieces.join("").split("\n");
		const rest = lines.pop() ?? "";
		this.#pieces = [rest];
		this.#length = rest.length;
		for (const text of lines) {
			const line: RelayLine = JSON.parse(text);
			if (line[0] === "open") {
				this.#events.onOpen(line[1]);
				this.#isOpen = true;
			} else if (line[0] !== "ping" && !this.#closed) this.#events.onLine(this, line);
		}
	}
}
