import type { ConnectorError } from "../../core/errors.ts";
import { BodyReader } from "../shared/body-reader.ts";
import { ReplyReader, type SubscribeRequest } from "./reply-parser.ts";
import { type Rest, RestError } from "./rest.ts";

/** What the stream tells its owner. It calls none of these after `close()` or `onEnd`. */
export interface SubscribeStreamHandlers {
	/** The broker confirmed: every message comes from now on. Called before the first of them. */
	onLive(): void;
	onPayload(payload: string): void;
	/** Bytes came, perhaps half a line or a comment: the broker is there. */
	onBytes(): void;
	/** A live stream broke, or the broker ended it. */
	onEnd(error: ConnectorError): void;
}

/** One subscribe request, from its POST to the end of its stream. It is used once. */
export class SubscribeStream {
	readonly #rest: Rest;
	readonly #path: string;
	readonly #body: BodyReader;
	#handlers: SubscribeStreamHandlers;
	#live = false;

	constructor(rest: Rest, request: SubscribeRequest, handlers: SubscribeStreamHandlers) {
		this.#rest = rest;
		this.#path = request.path;
		this.#handlers = handlers;
		const replies = new ReplyReader(
			request,
			() => {
				// A chunk that was already read may arrive here after `close()`.
				if (this.#body.closed) return;
				this.#live = true;
				this.#handlers.onLive();
			},
			(payload) => {
				// A handler may have closed the stream in the middle of a chunk.
				if (!this.#body.closed) this.#handlers.onPayload(payload);
			},
		);
		this.#body = new BodyReader({
			sender: "Upstash",
			feed: (bytes) => {
				if (this.#live) this.#handlers.onBytes();
				replies.feed(bytes);
				return this.#live;
			},
			onEnd: (error) => this.#handlers.onEnd(error),
		});
	}

	/** Another owner gets everything from now on. */
	handTo(handlers: SubscribeStreamHandlers): void {
		this.#handlers = handlers;
	}

	/**
	 * Resolves once the subscription is confirmed.
	 *
	 * @param timeout in ms.
	 * @throws {ConnectorError} `unavailable` or `refused`; `closed` when `close()` came first.
	 *   The request has then ended.
	 */
	open(timeout: number): Promise<void> {
		const message = `Upstash did not confirm the subscription within ${timeout} ms.`;
		return this.#body.open(
			(signal) => this.#rest.post(this.#path, "text/event-stream", signal),
			timeout,
			() => new RestError("unavailable", message),
		);
	}

	/** Leaves the broker at once, without a call to any handler. Idempotent. */
	close(): void {
		this.#body.close();
	}
}
