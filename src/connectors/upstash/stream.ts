import { type ConnectorError, closedError } from "../../core/errors.ts";
import { ReplyReader, type SubscribeRequest } from "./reply-parser.ts";
import { failure, type Rest, RestError } from "./rest.ts";

/** What an upstream tells its owner; nothing after `close()`, and nothing after `onEnd`. */
export interface UpstreamHandlers {
	/** The broker confirmed: from here on every message comes. Called before the first of them. */
	onLive(): void;
	onPayload(payload: string): void;
	/** Anything came, be it half a line or a comment: somebody is there. */
	onBytes(): void;
	/** A live upstream broke or was ended from the other side. */
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
				// A chunk that was read already may be looked at after the upstream was left.
				if (this.#closed) return;
				this.#live = true;
				this.#handlers.onLive();
			},
			(payload) => {
				// A handler may have closed the upstream while the rest of its chunk is still to be read.
				if (!this.#closed) this.#handlers.onPayload(payload);
			},
		);
	}

	/** What comes from now on is another owner's. */
	handTo(handlers: UpstreamHandlers): void {
		this.#handlers = handlers;
	}

	/**
	 * Resolves once the subscription is confirmed.
	 *
	 * @param timeout in ms.
	 * @throws {ConnectorError} `unavailable` or `refused`; `closed` when `close()` came first. The request
	 *   is gone then.
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

	/** Leaves the broker, at once and in silence. Idempotent. */
	close(): void {
		this.#closed = true;
		this.#leave(closedError("subscription"));
	}

	// The signal ends a request that is not answered yet. For a body it will not do: Deno (2.9) forgets the
	// tie between the two when the garbage collector comes by, and undici has had the like.
	#leave(reason: ConnectorError): void {
		this.#abort.abort(reason);
		// Refused by a stream that has broken already, with the error that its reading was told.
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
		// What `close()` does to the reading above is nobody's business.
		if (this.#closed) return;
		this.close();
		this.#handlers.onEnd(error);
	}
}
