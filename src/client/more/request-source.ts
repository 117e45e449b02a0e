import type { Failure, Source, SourceEvent, SourceOptions } from "../source.ts";

/** The longest that a server may send the client away for, in ms. */
const longestPause = 3_600_000;

/** `EventSource.CLOSED`. */
const closed = 2;

/** An unusable answer. */
class Refusal extends Error {
	readonly status: number;

	constructor(message: string, status: number) {
		super(message);
		this.status = status;
	}
}

/** What is read by `fetch`, with the part of an EventSource's face that the client needs. */
export class RequestSource implements Source {
	readyState = 0;
	polls = false;
	/** Aborted when it is closed. */
	readonly closed: AbortSignal;
	readonly #url: URL;
	readonly #options: SourceOptions;
	readonly #listeners = new Map<string, (event: SourceEvent | Failure) => void>();
	readonly #abort = new AbortController();
	readonly #onAbort = (): void => this.fail(this.#options.signal?.reason, true);

	/** @param run reads until it is closed. It rejects with what went wrong. */
	constructor(url: URL, options: SourceOptions, run: (it: RequestSource) => Promise<void>) {
		this.#url = url;
		this.#options = options;
		this.closed = this.#abort.signal;
		this.#begin(run).catch((error: unknown) => this.fail(error));
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

	async #begin(run: (it: RequestSource) => Promise<void>): Promise<void> {
		const { signal } = this.#options;
		// The listeners are added after this turn. The client may have closed it within the turn.
		await undefined;
		this.closed.throwIfAborted();
		signal?.throwIfAborted();
		signal?.addEventListener("abort", this.#onAbort);
		await run(this);
	}

	/** Sends the request, and once more when it was refused: the token may just have run out. */
	async request(accept: string, cursor?: string, isOnce = false): Promise<Response> {
		const response = await this.#send(accept, cursor);
		const mayAskAgain = typeof this.#options.headers === "function" && !isOnce;
		if (!isUnauthorized(response.status) || !mayAskAgain) return response;
		await response.body?.cancel();
		return this.#send(accept, cursor);
	}

	async #send(accept: string, cursor: string | undefined): Promise<Response> {
		const { headers, method, body, withCredentials, fetch = globalThis.fetch } = this.#options;
		const given = new Headers(typeof headers === "function" ? await headers() : headers);
		if (!given.has("accept")) given.set("accept", accept);
		if (cursor !== undefined) given.set("last-event-id", cursor);
		return fetch(this.#url.href, {
			headers: given,
			signal: this.closed,
			method: method ?? (body === undefined ? "GET" : "POST"),
			...(body !== undefined && { body }),
			// Only pages have a cache. Some hosts refuse what they do not have.
			...("location" in globalThis && { cache: "no-store" }),
			...(withCredentials && { credentials: "include" }),
		});
	}

	/** @throws {Refusal} for any answer but one of this type. */
	async accepted(response: Response, type: string, what: string): Promise<void> {
		const { status, headers, body } = response;
		const given = headers.get("content-type") ?? "";
		if (status === 200 && given.split(";")[0]?.trim().toLowerCase() === type) return;
		await body?.cancel();
		this.readyState = closed;
		if (status === 429 || status === 503) this.comeBackAfter(retryAfter(response));
		const got = status === 200 ? `with "${given}", not with ${what}` : `with ${status}`;
		throw new Refusal(`The server answered ${got}.`, status);
	}

	comeBackAfter(ms: number | undefined): void {
		if (ms === undefined) return;
		// Clients that were told the same time must not come at the same time.
		const pause = Math.min(ms, longestPause) * (1 + Math.random() / 4);
		this.emit("sse.retry", { data: String(pause), lastEventId: "" });
	}

	/** @param error undefined: the server has ended the stream. */
	fail(error: unknown, final = false): void {
		const status = error instanceof Refusal ? error.status : undefined;
		// A server answers 204 when it has nothing more to send.
		const isEnd = status === 204;
		this.emit("error", {
			error: isEnd ? undefined : error,
			final: final || isEnd || isUnauthorized(status) || this.#options.signal?.aborted === true,
		});
	}

	emit(type: string, event: SourceEvent | Failure): void {
		this.#listeners.get(type)?.(event);
	}
}

function isUnauthorized(status: number | undefined): boolean {
	return status === 401 || status === 403;
}

/** The `Retry-After` of an answer, in ms: it is a number of seconds, or a date. */
function retryAfter({ headers }: Response): number | undefined {
	const text = headers.get("retry-after") ?? "";
	const ms = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - Date.now();
	return ms >= 0 ? ms : undefined;
}
