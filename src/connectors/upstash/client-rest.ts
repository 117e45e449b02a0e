import {
	checkHeader,
	type HttpClient,
	httpClientOf,
	tokenOf,
	type UpstashRedisClient,
} from "./client.ts";
import { Rest, RestError, type RestInit } from "./rest.ts";

/**
 * Requests of our own to the database of a client of `@upstash/redis`, made as that client makes
 * them: with its headers, its agent, its encoding. Each request is sent once, regardless of its `retry`.
 *
 * Each request reads the client's settings again, because they may change: a new token, telemetry
 * of another library, the client's last write.
 */
export class ClientRest extends Rest {
	readonly #http: HttpClient;

	/** @throws {ConfigurationError} when it is no such client, or one without URL or token. */
	constructor(client: UpstashRedisClient) {
		const http = httpClientOf(client);
		super(http.baseUrl, tokenOf(http));
		this.#http = http;
		headersOf(http);
	}

	override async post(...request: Parameters<Rest["post"]>): Promise<Response> {
		try {
			return await super.post(...request);
		} catch (error) {
			throw error instanceof RestError ? this.#withoutSecrets(error) : error;
		}
	}

	override decoded(result: unknown): unknown {
		return this.#isEncoded ? textOf(result) : result;
	}

	protected override async fetch(url: string, init: RestInit): Promise<Response> {
		const { agent, backend, cache, keepAlive, signal: given } = this.#http.options;
		const isStream = init.headers.accept === "text/event-stream";
		// As in the library, its signal is for commands. A stream ends with its subscription.
		const own = isStream ? undefined : typeof given === "function" ? given() : given;
		const all: object = {
			...init,
			...present({ agent, backend, cache }),
			// `true` changes nothing, except in browsers: there it limits a body to 64 KiB.
			...(keepAlive === false ? { keepalive: false } : {}),
			headers: this.#headers(init.headers, isStream),
			signal: own === undefined ? init.signal : AbortSignal.any([init.signal, own]),
		};
		try {
			return await fetch(url, all);
		} catch (cause) {
			if (init.signal.aborted || !own?.aborted) throw cause;
			const message = "The signal of the Upstash client ended the request.";
			throw new RestError("unavailable", message, { cause });
		}
	}

	get #isEncoded(): boolean {
		return this.#http.options.responseEncoding === "base64";
	}

	#headers(own: RestInit["headers"], isStream: boolean): Headers {
		const headers = new Headers(own);
		for (const [name, value] of headersOf(this.#http)) headers.set(name, value);
		// The lines of a stream are never encoded.
		if (this.#isEncoded && !isStream) headers.set("upstash-encoding", "base64");
		const { readYourWrites, upstashSyncToken } = this.#http;
		if (readYourWrites && typeof upstashSyncToken === "string" && upstashSyncToken !== "") {
			headers.set("upstash-sync-token", upstashSyncToken);
		}
		return headers;
	}

	/** A proxy may have quoted the request. Its other headers may be secrets as well. */
	#withoutSecrets(error: RestError): RestError {
		const words = headersOf(this.#http).flatMap(([, value]) => value.split(/\s+/));
		const secrets = words.filter((word) => word.length >= shortestSecret);
		const message = secrets.reduce((text, each) => text.replaceAll(each, "…"), error.message);
		if (message === error.message) return error;
		return new RestError(error.code === "refused" ? "refused" : "unavailable", message, error);
	}
}

/** What is shorter is hidden from no error: it would tear words apart. */
const shortestSecret = 8;

/** These are of the client's last request, or of the kind of a request. */
const setHere = /* @__PURE__ */ new Set([
	"accept",
	"content-type",
	"upstash-encoding",
	"upstash-sync-token",
	"upstash-telemetry-retry",
]);

/** @throws {ConfigurationError} for a value that no header can carry, and does not repeat it. */
function headersOf(http: HttpClient): [name: string, value: string][] {
	const headers: [string, string][] = [];
	for (const [name, value] of Object.entries(http.headers)) {
		if (value === undefined || value === null || setHere.has(name.toLowerCase())) continue;
		headers.push([name, checkHeader(name, String(value).trim())]);
	}
	return headers;
}

function present(options: Readonly<Record<string, unknown>>): object {
	return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

/**
 * The texts of an answer in base64. Upstash leaves `OK` as it is, which is no base64: that has
 * four letters or a multiple.
 */
function textOf(result: unknown): unknown {
	if (Array.isArray(result)) return result.map(textOf);
	if (typeof result !== "string" || result.length % 4 !== 0) return result;
	try {
		const bytes = Uint8Array.from(atob(result), (letter) => letter.charCodeAt(0));
		return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
	} catch {
		return result; // not encoded after all
	}
}
