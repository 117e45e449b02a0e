import { type ConnectorError, closedError } from "../core/errors.ts";
import { pingInterval, type RelayFacts, type RelayLine } from "./protocol.ts";
import { failure, late, type Requests } from "./requests.ts";

/** A stream that is silent for longer, in ms, is given up. The hub writes at least three times in that time. */
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
	/** A line came. Not called for `open` and `ping`. */
	onLine(
		stream: IncomingStream,
		line: Exclude<RelayLine, readonly ["open" | "ping", ...unknown[]]>,
	): void;
	/** The stream broke, or the hub ended it. Not called after `close()`. */
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
	/** The pieces of the line that has not ended yet. */
	#pieces: string[] = [];
	#length = 0;
	#isOpen = false;
	#closed = false;

	constructor(requests: Requests, via: readonly string[], events: IncomingEvents) {
		this.#requests = requests;
		this.#via = via;
		this.#events = events;
	}

	/**
	 * Resolves when the hub has taken the request. The channels are confirmed later, one by one.
	 *
	 * @param positions whether each channel's position comes with its confirmation.
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
			const error = failure("The stream from the hub broke before it began.", cause, signal);
			this.close();
			throw error;
		} finally {
			clearTimeout(timer);
		}
	}

	/** Ends the stream. No handler is called. Idempotent. */
	close(): void {
		this.#closed = true;
		clearInterval(this.#timer);
		this.#leave(closedError("relay's stream"));
	}

	// On Deno the signal sometimes does not end the body, so the reader is cancelled as well.
	#leave(reason: ConnectorError): void {
		this.#abort.abort(reason);
		this.#reader?.cancel(reason).catch(() => undefined); // It rejects for a stream that is broken, and the reader gets the same error.
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
		// Joining a long line again with each of its pieces would take time by the square of its length.
		this.#pieces.push(text);
		this.#length += text.length;
		if (this.#length > longestLine) {
			throw failure(
				`The hub sent a line of more than ${longestLine} characters.`,
				undefined,
				this.#abort.signal,
			);
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
