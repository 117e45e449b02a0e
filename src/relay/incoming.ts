import { BodyReader } from "../connectors/shared/body-reader.ts";
import { ConnectorError } from "../core/errors.ts";
import { pingInterval, type RelayFacts, type RelayLine } from "./protocol.ts";
import { late, type Requests } from "./requests.ts";

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
	readonly #body: BodyReader;
	readonly #decoder = new TextDecoder();
	#timer: ReturnType<typeof setInterval> | undefined;
	#heardAt = 0;
	/** The pieces of the line that has not ended yet. */
	#pieces: string[] = [];
	#length = 0;
	#isOpen = false;

	constructor(requests: Requests, via: readonly string[], events: IncomingEvents) {
		this.#requests = requests;
		this.#via = via;
		this.#events = events;
		this.#body = new BodyReader({
			sender: "The hub",
			feed: (bytes) => {
				this.#heardAt = performance.now();
				this.#feed(bytes);
				return this.#isOpen;
			},
			onEnd: (error) => {
				clearInterval(this.#timer);
				events.onEnd(this, error);
			},
		});
	}

	/**
	 * Resolves when the hub has taken the request. The channels are confirmed later, one by one.
	 *
	 * @param positions whether each channel's position comes with its confirmation.
	 * @throws {ConnectorError} `refused`, `unavailable`, or `closed`.
	 */
	async open(channels: readonly string[], positions: boolean): Promise<void> {
		const { timeout } = this.#requests;
		const asked = { op: "subscribe", channels, positions } as const;
		await this.#body.open(
			(signal) => this.#requests.post(asked, this.#via, signal),
			timeout,
			() => late(timeout),
		);
		if (!this.#body.closed) this.#timer = setInterval(() => this.#watch(), pingInterval / 2);
	}

	/** Ends the stream. No handler is called. Idempotent. */
	close(): void {
		clearInterval(this.#timer);
		this.#body.close();
	}

	#watch(): void {
		if (performance.now() - this.#heardAt < longestSilence) return;
		const message = `The hub was silent for ${longestSilence} ms.`;
		this.#body.fail(new ConnectorError("unavailable", message));
	}

	#feed(bytes: Uint8Array): void {
		const text = this.#decoder.decode(bytes, { stream: true });
		// Joining a long line again with each of its pieces would take time by the square of its length.
		this.#pieces.push(text);
		this.#length += text.length;
		if (this.#length > longestLine) {
			const message = `The hub sent a line of more than ${longestLine} characters.`;
			throw new ConnectorError("unavailable", message);
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
			} else if (line[0] !== "ping" && !this.#body.closed) this.#events.onLine(this, line);
		}
	}
}
