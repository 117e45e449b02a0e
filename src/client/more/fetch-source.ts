import type { Failure, Source, SourceEvent, SourceOptions } from "../source.ts";
import { EventParser } from "./event-parser.ts";

/** The longest that a server may send the client away for, in ms. */
const longestPause = 3_600_000;

/** After a `retry` of less, in ms, a client would knock without a pause. */
const shortestRetry = 250;

/** Characters of an id that is sent back: what fits into a request's header. */
const longestId = 8_192;

/** `EventSource.CLOSED`. */
const closed = 2;

/** The clients whose request was sent. */
const begun = /* @__PURE__ */ new WeakSet<SourceOptions>();

/** An answer that is no event stream. */
class Refusal extends Error {
	readonly status: number;

	constructor(message: string, status: number) {
		super(message);
		this.status = status;
	}
}

/** Reads one event stream by `fetch`, with the part of an EventSource's face that the client needs. */
export class FetchSource implements Source {
	readyState = 0;
	readonly #url: string;
	readonly #options: SourceOptions;
	readonly #cursor: string;
	/** Whether nothing is sent again. */
	readonly #once: boolean;
	readonly #listeners = new Map<string, (event: SourceEvent | Failure) => void>();
	readonly #abort = new AbortController();
	readonly #onAbort = (): void => this.#fail(this.#options.signal?.reason, true);

	/** @param cursor where to begin; `""`: with new events. */
	constructor(url: string, options: SourceOptions, cursor: string) {
		this.#url = url;
		this.#options = options;
		this.#cursor = cursor;
		this.#once = isForeign(options) && options.retry !== true;
		this.#run().catch((error: unknown) => this.#fail(error, this.#once));
	}

	addEventListener(type: string, listener: (event: SourceEvent | Failure) => void): void {
		this.#listeners.set(type, listener);
	}

	close(): void {
		this.readyState = closed;
		this.#listeners.clear();
		this.#abort.abort();
		this.#options.signal?.removeEventListener("abort", this.#onAbort);
	}

	async #run(): Promise<void> {
		const { headers, signal } = this.#options;
		// The listeners are added after this turn. The client may have closed it within the turn.
		await undefined;
		this.#abort.signal.throwIfAborted();
		signal?.throwIfAborted();
		signal?.addEventListener("abort", this.#onAbort);
		if (this.#once && begun.has(this.#options)) {
			throw new Error(
				"Nothing is sent again by itself with a method or a body, and no `retry: true`.",
			);
		}
		begun.add(this.#options);
		let response = await this.#request();
		// The token may just have run out.
		if (isUnauthorized(response.status) && typeof headers === "function" && !this.#once) {
			await response.body?.cancel();
			response = await this.#request();
		}
		const stream = await this.#accepted(response);
		this.#emit("open", {});
		const decoder = new TextDecoder();
		const parser = new EventParser({
			onEvent: (type, data, lastEventId) => this.#emit(type, { data, lastEventId }),
			onRetry: (ms) => this.#comeBackAfter(Math.max(ms, shortestRetry)),
			// A sign of life, as far as the client is concerned.
			onComment: () => this.#emit("open", {}),
		});
		const reader = stream.getReader();
		for (;;) {
			const { done, value } = await reader.read();
			if (done) break;
			parser.feed(decoder.decode(value, { stream: true }));
		}
		this.#fail(undefined, this.#once);
	}

	async #request(): Promise<Response> {
		const { headers, method, body, withCredentials, fetch = globalThis.fetch } = this.#options;
		const given = new Headers(typeof headers === "function" ? await headers() : headers);
		if (!given.has("accept")) given.set("accept", "text/event-stream");
		if (this.#cursor !== "" && this.#cursor.length <= longestId) {
			given.set("last-event-id", inBytes(this.#cursor));
		}
		return fetch(this.#url, {
			headers: given,
			signal: this.#abort.signal,
			method: method ?? (body === undefined ? "GET" : "POST"),
			...(body !== undefined && { body }),
			// Only pages have a cache. Some hosts refuse what they do not have.
			...("location" in globalThis && { cache: "no-store" }),
			...(withCredentials && { credentials: "include" }),
		});
	}

	/** @throws {Refusal} for any answer but an event stream. */
	async #accepted(response: Response): Promise<ReadableStream<Uint8Array>> {
		const { status, body } = response;
		const type = response.headers.get("content-type") ?? "";
		if (status === 200 && /^text\/event-stream\b/i.test(type)) {
			if (body) return body;
			throw new Error("fetch: gives no stream here. Hand in one that does, as the option fetch.");
		}
		await body?.cancel();
		this.readyState = closed;
		if (status === 429 || status === 503) this.#comeBackAfter(retryAfter(response));
		const what = status === 200 ? `with "${type}", not with an event stream` : `with ${status}`;
		throw new Refusal(`The server answered ${what}.`, status);
	}

	#comeBackAfter(ms: number | undefined): void {
		if (ms === undefined) return;
		// Clients that were told the same time must not come at the same time.
		const pause = Math.min(ms, longestPause) * (1 + Math.random() / 4);
		this.#emit("sse.retry", { data: String(pause), lastEventId: "" });
	}

	/** @param error undefined: the server has ended the stream. */
	#fail(error: unknown, final: boolean): void {
		const { status } = error instanceof Refusal ? error : {};
		// 204 is how a server says that all is told.
		const isEnd = status === 204;
		this.#emit("error", {
			error: isEnd ? undefined : error,
			final: final || isEnd || isUnauthorized(status) || this.#options.signal?.aborted === true,
		});
	}

	#emit(type: string, event: SourceEvent | Failure): void {
		this.#listeners.get(type)?.(event);
	}
}

function isUnauthorized(status: number | undefined): boolean {
	return status === 401 || status === 403;
}

/** Whether it is a request that may do something, or a server of another kind. */
export function isForeign({ method, body }: SourceOptions): boolean {
	return (method ?? body) !== undefined;
}

/** The `Retry-After` of an answer, in ms: it is a number of seconds, or a date. */
function retryAfter({ headers }: Response): number | undefined {
	const text = headers.get("retry-after") ?? "";
	const ms = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - Date.now();
	return ms >= 0 ? ms : undefined;
}

/** A header's bytes are characters to `fetch`: those of UTF-8, as browsers send them. */
function inBytes(text: string): string {
	return String.fromCharCode(...new TextEncoder().encode(text));
}
