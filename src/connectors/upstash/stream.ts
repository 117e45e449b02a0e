import { type ConnectorError, closedError } from "../../core/errors.ts";
import { ReplyReader, type SubscribeRequest } from "./reply-parser.ts";
import { failure, type Rest, RestError } from "./rest.ts";

/** What an upstream tells its owner. It calls none of these after `close()` or `onEnd`. */
export interface UpstreamHandlers {
	/** The broker confirmed: every message comes from now on. Called before the first of them. */
	onLive(): void;
	onPayload(payload: string): void;
	/** Bytes came, perhaps half a line or a comment: the broker is there. */
	onBytes(): void;
	/** A live upstream broke, or the broker ended it. */
	onEnd(error: ConnectorError): void;
}

/** One subscribe request, from its POST to the end of its stream. It is used once. */
export class Upstream {
	readonly #rest: Rest;
	readonly #request: SubscribeRequest;
	readonly #abort = new AbortController();
	readonly #replies: ReplyReader;
	#handlers: UpstreamHandlers;
	#reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
	#live = false;
	#closed = false;

	constructor(rest: Rest, request: SubscribeRequest, handlers: UpstreamHandlers) {
		this.#rest = rest;
		this.#request = request;
		this.#handlers = handlers;
		this.#replies = new ReplyReader(
			request,
			() => {
				// A chunk that was already read may arrive here after `close()`.
				if (this.#closed) return;
				this.#live = true;
				this.#handlers.onLive();
			},
			(payload) => {
				// A handler may have closed the upstream in the middle of a chunk.
				if (!this.#closed) this.#handlers.onPayload(payload);
			},
		);
	}

	/** Another owner gets everything from now on. */
	handTo(handlers: UpstreamHandlers): void {
		this.#handlers = handlers;
	}

	/**
	 * Resolves once the subscription is confirmed.
	 *
	 * @param timeout in ms.
	 * @throws {ConnectorError} `unavailable` or `refused`; `closed` when `close()` came first.
	 *   The request has then ended.
	 */
	async open(timeout: number): Promise<void> {
		const { signal } = this.#abort;
		const timer = setTimeout(() => {
			const message = `Upstash did not confirm the subscription within ${timeout} ms.`;
			this.#leave(new RestError("unavailable", message));
		}, timeout);
		try {
			const response = await this.#rest.post(this.#request.path, "text/event-stream", signal);
			const reader = response.body?.getReader();
			this.#reader = reader;
			signal.throwIfAborted();
			while (!this.#live) {
				const chunk = await reader?.read();
				if (chunk?.value === undefined) {
					throw new RestError("unavailable", "Upstash ended the stream before it confirmed.");
				}
				this.#replies.feed(chunk.value);
			}
			if (reader !== undefined) void this.#pump(reader);
		} catch (cause) {
			const error = failure("The stream from Upstash broke before it confirmed.", cause, signal);
			this.close();
			throw error;
		} finally {
			clearTimeout(timer);
		}
	}

	/** Leaves the broker at once, without a call to any handler. Idempotent. */
	close(): void {
		this.#closed = true;
		this.#leave(closedError("subscription"));
	}

	// The signal ends a request that is not answered yet. It may not end a body: Deno (2.9) loses
	// the link between the two in a garbage collection, and undici had a similar bug.
	#leave(reason: ConnectorError): void {
		this.#abort.abort(reason);
		// A broken stream refuses this, with the error that its reading already got.
		this.#reader?.cancel(reason).catch(() => undefined);
	}

	async #pump(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
		let error: ConnectorError;
		try {
			for (;;) {
				const { value } = await reader.read();
				if (value === undefined || this.#closed) break;
				this.#handlers.onBytes();
				this.#replies.feed(value);
			}
			error = new RestError("unavailable", "Upstash ended the stream.");
		} catch (cause) {
			error = failure("The stream from Upstash broke.", cause, this.#abort.signal);
		}
		// `close()` ends the reading above, and needs no report.
		if (this.#closed) return;
		this.close();
		this.#handlers.onEnd(error);
	}
}
