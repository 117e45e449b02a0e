import { type ConnectorError, closedError } from "../../core/errors.ts";
import { failure } from "./http-failure.ts";

export interface BodyReaderParts {
	/** Who sends the body. An error's message begins with it. */
	readonly sender: string;
	/** Takes bytes. @returns whether the sender has confirmed what was asked for. */
	feed(bytes: Uint8Array): boolean;
	/** A confirmed body broke, or the sender ended it. Not called after `close()`. */
	onEnd(error: ConnectorError): void;
}

/** Sends one request, and reads the response's body, which has no planned end. It is used once. */
export class BodyReader {
	readonly #parts: BodyReaderParts;
	readonly #abort = new AbortController();
	#reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
	closed = false;

	constructor(parts: BodyReaderParts) {
		this.#parts = parts;
	}

	/**
	 * Sends the request. Resolves once the sender has confirmed.
	 *
	 * @param request is given a signal whose reason is a `ConnectorError`.
	 * @param timeout in ms.
	 * @param late makes the error for a sender that takes longer.
	 * @throws {ConnectorError} `unavailable`, `refused`, or `closed` when `close()` came first. The request has then
	 *   ended.
	 */
	async open(
		request: (signal: AbortSignal) => Promise<Response>,
		timeout: number,
		late: () => ConnectorError,
	): Promise<void> {
		const { sender, feed } = this.#parts;
		const { signal } = this.#abort;
		const timer = setTimeout(() => this.fail(late()), timeout);
		try {
			const { body } = await request(signal);
			this.#reader = body?.getReader();
			signal.throwIfAborted();
			for (let confirmed = false; !confirmed; ) {
				const { value } = (await this.#reader?.read()) ?? {};
				// It may have been closed while these bytes were on their way here.
				signal.throwIfAborted();
				if (value === undefined) {
					throw failure(`${sender} ended the stream before it confirmed.`, undefined, signal);
				}
				confirmed = feed(value);
			}
			void this.#pump();
		} catch (cause) {
			const error = failure(`${sender} broke the stream off before it confirmed.`, cause, signal);
			this.close();
			throw error;
		} finally {
			clearTimeout(timer);
		}
	}

	/** Ends the body. No handler is called. Idempotent. */
	close(): void {
		this.closed = true;
		this.fail(closedError("stream"));
	}

	/**
	 * Gives the body up. `open` rejects with the error, or `onEnd` is called with it.
	 *
	 * The signal ends a request that is not answered yet. It may not end a body: Deno (2.9) loses the link between the two
	 * in a garbage collection, and undici had a similar bug. So the reader is cancelled as well.
	 */
	fail(error: ConnectorError): void {
		this.#abort.abort(error);
		// A broken stream refuses this, with the error that its reading already got.
		this.#reader?.cancel(error).catch(() => undefined);
	}

	async #pump(): Promise<void> {
		const { sender, feed, onEnd } = this.#parts;
		const { signal } = this.#abort;
		let error: ConnectorError;
		try {
			for (;;) {
				const { value } = (await this.#reader?.read()) ?? {};
				if (value === undefined || this.closed) break;
				feed(value);
			}
			error = failure(`${sender} ended the stream.`, undefined, signal);
		} catch (cause) {
			error = failure(`${sender} broke the stream off.`, cause, signal);
		}
		// `close()` ends the reading above, and needs no report.
		if (this.closed) return;
		this.close();
		onEnd(error);
	}
}
