import type { Subscription, SubscriptionHandlers } from "../../connector.ts";
import { ConnectorError, closedError } from "../../errors.ts";

/** The first try after a loss comes within this, in ms; each further one within twice as much. */
const firstBackoff = 100;
const longestBackoff = 5_000;

/**
 * One channel's payloads from its object: JSON strings, one a line, for `messages()` in a Worker. An
 * object that was restarted ends the stream; another is opened then.
 */
export class ObjectSubscription implements Subscription {
	readonly #open: (signal: AbortSignal) => Promise<ReadableStream<Uint8Array>>;
	readonly #handlers: SubscriptionHandlers;
	readonly #onDone: () => void;
	readonly #abort = new AbortController();
	#timer: ReturnType<typeof setTimeout> | undefined;
	#failures = 0;

	constructor(
		open: (signal: AbortSignal) => Promise<ReadableStream<Uint8Array>>,
		handlers: SubscriptionHandlers,
		onDone: () => void,
	) {
		this.#open = open;
		this.#handlers = handlers;
		this.#onDone = onDone;
	}

	/** @throws {ConnectorError} when the object cannot be reached. */
	async start(): Promise<void> {
		try {
			const lines = await this.#connect();
			void this.#read(lines);
		} catch (error) {
			this.#finish();
			throw error;
		}
	}

	async unsubscribe(): Promise<void> {
		this.#finish();
	}

	end(error: ConnectorError): void {
		if (this.#abort.signal.aborted) return;
		this.#finish();
		this.#tell(() => this.#handlers.onEnd(error));
	}

	#finish(): void {
		clearTimeout(this.#timer);
		this.#abort.abort();
		this.#onDone();
	}

	async #connect(): Promise<ReadableStreamDefaultReader<string>> {
		const body = await this.#open(this.#abort.signal);
		const lines = body.pipeThrough(lineStream()).getReader();
		// The object's first line is empty, and says that the subscription is live.
		const { done } = await lines.read();
		if (this.#abort.signal.aborted) throw closedError("subscription");
		if (done) throw new ConnectorError("unavailable", "The channel's object ended the stream.");
		return lines;
	}

	async #read(lines: ReadableStreamDefaultReader<string>): Promise<void> {
		let cause: unknown;
		try {
			for (;;) {
				const { value } = await lines.read();
				if (value === undefined || this.#abort.signal.aborted) break;
				this.#failures = 0;
				if (value !== "") this.#tell(() => this.#handlers.onMessage(JSON.parse(value)));
			}
		} catch (error) {
			cause = error;
		}
		if (this.#abort.signal.aborted) return;
		const error = new ConnectorError("unavailable", "The channel's object is gone.", { cause });
		this.#tell(() => this.#handlers.onLost(error));
		this.#retry();
	}

	#retry(): void {
		const ceiling = Math.min(longestBackoff, firstBackoff * 2 ** this.#failures++);
		this.#timer = setTimeout(() => void this.#reconnect(), Math.random() * ceiling);
	}

	async #reconnect(): Promise<void> {
		try {
			const lines = await this.#connect();
			this.#tell(() => this.#handlers.onRestored());
			void this.#read(lines);
		} catch {
			// Told as lost already; this is one more try that failed.
			if (!this.#abort.signal.aborted) this.#retry();
		}
	}

	#tell(call: () => void): void {
		try {
			call();
		} catch (error) {
			console.error("edge-sse: a subscription's handler threw.", error);
		}
	}
}

/** Bytes, cut anywhere, into lines of text. */
function lineStream(): TransformStream<Uint8Array, string> {
	const decoder = new TextDecoder();
	let rest = "";
	return new TransformStream({
		transform(bytes, controller) {
			const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
			rest = lines.pop() ?? "";
			for (const line of lines) controller.enqueue(line);
		},
	});
}
