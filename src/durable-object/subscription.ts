import { callHandler } from "../connectors/shared/handlers.ts";
import type { Subscription, SubscriptionHandlers } from "../core/connector.ts";
import { ConnectorError, closedError } from "../core/errors.ts";
import { linesOf } from "./lines.ts";
import { errorOf, type Line } from "./protocol.ts";

/**
 * The first attempt after a loss follows within this time, in ms. Each further one waits up to
 * twice as long.
 */
const firstBackoff = 100;
const longestBackoff = 5_000;

type Lines = AsyncGenerator<string, void>;

/**
 * One channel's payloads from its object, for `messages()` in a Worker. The eviction or restart
 * of an object breaks the stream, and another is opened.
 */
export class ObjectSubscription implements Subscription {
	readonly #open: (signal: AbortSignal) => Promise<ReadableStream<Uint8Array>>;
	readonly #handlers: SubscriptionHandlers;
	readonly #onDone: () => void;
	readonly #abort = new AbortController();
	#timer: ReturnType<typeof setTimeout> | undefined;
	#started = false;
	/**
	 * Consecutive attempts that brought no line: opening a stream that breaks at once is no
	 * success.
	 */
	#failures = 0;
	/** Whether the handlers know of a loss: of the object, or of its own upstream. */
	#lost = false;

	constructor(
		open: (signal: AbortSignal) => Promise<ReadableStream<Uint8Array>>,
		handlers: SubscriptionHandlers,
		onDone: () => void,
	) {
		this.#open = open;
		this.#handlers = handlers;
		this.#onDone = onDone;
	}

	/**
	 * @throws {ConnectorError} when the object cannot be reached, or the connector is closed
	 *   meanwhile.
	 */
	async start(): Promise<void> {
		try {
			const lines = await this.#connect();
			void this.#read(lines);
		} catch (error) {
			const overtaken = this.#ended;
			this.#finish();
			throw overtaken ? closedError("durable-object connector") : error;
		}
	}

	async unsubscribe(): Promise<void> {
		this.#finish();
	}

	/** Ends a subscription that is live or reconnecting. Before that, `start()` reports the end. */
	end(error: ConnectorError): void {
		if (this.#ended) return;
		const started = this.#started;
		this.#finish();
		if (started) callHandler(this.#handlers, "onEnd", error);
	}

	get #ended(): boolean {
		return this.#abort.signal.aborted;
	}

	#finish(): void {
		clearTimeout(this.#timer);
		// Also cancels the stream, so that the object notices at once.
		this.#abort.abort();
		this.#onDone();
	}

	async #connect(): Promise<Lines> {
		const body = await this.#open(this.#abort.signal);
		if (this.#ended) throw closedError("subscription");
		this.#started = true;
		return linesOf(body);
	}

	async #read(lines: Lines): Promise<void> {
		let cause: unknown;
		try {
			for await (const line of lines) {
				if (this.#ended) return;
				this.#failures = 0;
				if (line !== "") this.#hear(JSON.parse(line));
			}
		} catch (error) {
			cause = error;
		}
		if (this.#ended) return;
		this.#lose(new ConnectorError("unavailable", "The channel's object is gone.", { cause }));
		this.#retry();
	}

	#hear(line: Line): void {
		if (typeof line === "string") {
			callHandler(this.#handlers, "onMessage", line);
		} else if ("end" in line) {
			this.end(errorOf(line.end));
		} else if ("lost" in line) {
			this.#lose(errorOf(line.lost));
		} else {
			this.#restore();
		}
	}

	#lose(error: ConnectorError): void {
		if (this.#lost) return;
		this.#lost = true;
		callHandler(this.#handlers, "onLost", error);
	}

	#restore(): void {
		if (!this.#lost) return;
		this.#lost = false;
		callHandler(this.#handlers, "onRestored");
	}

	#retry(): void {
		const ceiling = Math.min(longestBackoff, firstBackoff * 2 ** this.#failures++);
		this.#timer = setTimeout(() => void this.#reconnect(), Math.random() * ceiling);
	}

	async #reconnect(): Promise<void> {
		let lines: Lines;
		try {
			lines = await this.#connect();
		} catch (error) {
			if (this.#ended) return;
			if (error instanceof ConnectorError && error.code === "refused") this.end(error);
			// The loss is already reported. This is one more failed attempt.
			else this.#retry();
			return;
		}
		this.#restore();
		void this.#read(lines);
	}
}
