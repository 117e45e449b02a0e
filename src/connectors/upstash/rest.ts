import { ConfigurationError, ConnectorError } from "../../core/errors.ts";
import { errorOf } from "../shared/error-text.ts";
import { failure, isTemporary } from "../shared/http-failure.ts";
import { orAborted } from "../shared/timeout.ts";

/** The broker did not do what was asked. */
export class RestError extends ConnectorError {
	/** The header `Retry-After`: how long the broker wants no requests. */
	readonly retryAfter: string | null;

	constructor(
		code: "unavailable" | "refused",
		message: string,
		options: { cause?: unknown; retryAfter?: string | null } = {},
	) {
		super(code, message, "cause" in options ? { cause: options.cause } : {});
		this.retryAfter = options.retryAfter ?? null;
	}
}

type RestHeaders = Record<string, string> & { accept: string };

/** What `fetch` is called with. */
export interface RestInit {
	readonly method: string;
	readonly headers: RestHeaders;
	readonly body: Blob | null;
	readonly signal: AbortSignal;
}

/** One database's REST address and token. Neither ever appears in an error. */
export class Rest {
	readonly #base: string;
	readonly #token: string;

	/** @throws {ConfigurationError} when these allow no request. */
	constructor(url: string, token: string) {
		this.#base = baseOf(url.trim());
		this.#token = token.trim();
		// `fetch` would also refuse such a header, with the token in its error.
		if (!/^[\x21-\x7e]+$/.test(this.#token)) {
			throw new ConfigurationError(
				"The Upstash token has a character that no header can carry, such as a space or a line break.",
			);
		}
	}

	/**
	 * One POST, never repeated: a repeated PUBLISH could be delivered twice.
	 *
	 * @param path the percent-encoded path after the database's URL.
	 * @param signal aborted with a `ConnectorError` that says why. It also governs the body.
	 * @returns an answer with status 2xx.
	 * @throws {RestError} for every other answer, and for none.
	 */
	async post(path: string, accept: string, signal: AbortSignal, json?: string): Promise<Response> {
		// A Blob instead of a string: when a pooled connection breaks, Deno by itself sends a body
		// again that it can copy, even if the first copy was processed (denoland/deno#35610).
		const body = json === undefined ? null : new Blob([json]);
		const headers: RestHeaders = { accept, authorization: `Bearer ${this.#token}` };
		if (body !== null) headers["content-type"] = "application/json";
		let response: Response;
		try {
			response = await this.fetch(this.#base + path, { method: "POST", headers, body, signal });
		} catch (cause) {
			throw failure("Upstash could not be reached.", cause, signal);
		}
		if (response.ok) return response;
		throw await this.#refusal(response, signal);
	}

	/** One request. A client that was handed in adds what is its own. */
	protected fetch(url: string, init: RestInit): Promise<Response> {
		return fetch(url, init);
	}

	/** A command's result as the text that was stored. */
	decoded(result: unknown): unknown {
		return result;
	}

	async #refusal(response: Response, signal: AbortSignal): Promise<RestError> {
		const { status } = response;
		let text: string;
		try {
			text = await orAborted(response.text(), signal);
		} catch (cause) {
			throw failure(`Upstash answered ${status} and broke off.`, cause, signal);
		}
		const temporary = isTemporary(status);
		const retryAfter = temporary ? response.headers.get("retry-after") : null;
		const words = this.#words(text);
		const message = `Upstash answered ${status}${words === "" ? "" : `: ${words}`}`;
		return new RestError(temporary ? "unavailable" : "refused", message, { retryAfter });
	}

	/** The broker's own words, shortened. A proxy may have quoted the request with its token. */
	#words(text: string): string {
		return (errorOf(text) ?? "").replaceAll(this.#token, "…").slice(0, 200);
	}
}

function baseOf(url: string): string {
	let parsed: URL;
	try {
		parsed = new URL(url);
	} catch {
		// The parser's own error quotes the URL, which may hold a token.
		throw new ConfigurationError(
			"The Upstash URL is invalid: it must look like https://….upstash.io.",
		);
	}
	const { protocol, username, password, search, hash, origin, pathname } = parsed;
	if (protocol !== "https:" && protocol !== "http:") {
		throw new ConfigurationError("The Upstash URL must be the REST one, which begins with https:.");
	}
	// A password that is not percent-encoded ends the host, and its rest is in the path.
	if (username + password + search + hash !== "" || pathname.includes("@")) {
		throw new ConfigurationError("The Upstash URL must be bare: the token goes into `token`.");
	}
	return origin + pathname.replace(/\/+$/, "");
}
