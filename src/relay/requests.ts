import { errorOf } from "../connectors/shared/error-text.ts";
import { failure, isTemporary } from "../connectors/shared/http-failure.ts";
import { orAborted } from "../connectors/shared/timeout.ts";
import { ConfigurationError, ConnectorError } from "../core/errors.ts";
import { type RelayRequest, version, versionHeader, viaHeader } from "./protocol.ts";

/** What all streams of one relay share. */
export interface UpstreamSettings {
	readonly requests: Requests;
	readonly via: readonly string[];
	/** Whether the root keeps messages, as the relay's options have it. */
	readonly history: boolean;
}

/** Sends the requests of one relay. */
export class Requests {
	readonly #url: string;
	readonly #token: string;
	/** How long one answer may take, in ms. */
	readonly timeout: number;

	/** @throws {ConfigurationError} when URL or token allow no request. The message holds neither. */
	constructor(url: string, token: string, timeout: number) {
		this.#url = addressOf(url);
		this.#token = token;
		this.timeout = timeout;
		if (!/^[\x21-\x7e]+$/.test(token)) {
			throw new ConfigurationError(
				"relay(): token: must be visible ASCII characters, because a header carries it.",
			);
		}
	}

	/**
	 * Asks for a JSON answer. A read is sent once more when its connection broke, because the hub may have closed a
	 * pooled connection at that moment.
	 *
	 * @param via the relays that the request has passed, the last one last.
	 * @throws {ConnectorError} `refused`, or `unavailable`. The hub may have carried out an unavailable one.
	 */
	async ask(asked: RelayRequest, via: readonly string[]): Promise<Record<string, unknown>> {
		const abort = new AbortController();
		const timer = setTimeout(() => abort.abort(late(this.timeout)), this.timeout);
		try {
			return await this.#answer(asked, via, abort.signal);
		} catch (error) {
			// An error that the hub answered has no cause.
			const isBroken = (error as Error).cause !== undefined && !abort.signal.aborted;
			if (!isBroken || !isRead(asked)) throw error;
			return await this.#answer(asked, via, abort.signal);
		} finally {
			clearTimeout(timer);
		}
	}

	async #answer(asked: RelayRequest, via: readonly string[], signal: AbortSignal) {
		const response = await this.post(asked, via, signal);
		try {
			const answer: unknown = JSON.parse(await orAborted(response.text(), signal));
			if (typeof answer === "object" && answer !== null) return answer as Record<string, unknown>;
			throw new TypeError("The answer is not an object.");
		} catch (cause) {
			throw failure("The hub's answer broke off, or is not a JSON object.", cause, signal);
		}
	}

	/**
	 * Sends one POST, and never repeats it.
	 *
	 * @param signal ends the request and its body. Its reason is a `ConnectorError`.
	 */
	async post(asked: RelayRequest, via: readonly string[], signal: AbortSignal): Promise<Response> {
		let response: Response;
		try {
			response = await fetch(this.#url, {
				method: "POST",
				headers: {
					authorization: `Bearer ${this.#token}`,
					"content-type": "application/json",
					[versionHeader]: String(version),
					[viaHeader]: via.join(","),
				},
				// Deno repeats a request whose body is text when a pooled connection breaks. It cannot repeat a Blob.
				body: new Blob([JSON.stringify(asked)]),
				// `fetch` would follow a redirect with a GET, or send the token to another host.
				redirect: "manual",
				signal,
			});
		} catch (cause) {
			throw failure("The hub could not be reached.", cause, signal);
		}
		if (response.status === 200) return response;
		throw await this.#refusal(response, signal);
	}

	async #refusal(response: Response, signal: AbortSignal): Promise<ConnectorError> {
		const { status } = response;
		const text = await orAborted(response.text(), signal).catch(() => "");
		const temporary = isTemporary(status);
		const words = (errorOf(text) ?? "").replaceAll(this.#token, "…").slice(0, 300);
		return new ConnectorError(
			temporary && status !== 508 ? "unavailable" : "refused",
			words === ""
				? `The hub answered ${status}.${hint(status)}`
				: `The hub answered ${status}: ${words}`,
		);
	}
}

/** Whether a request changes nothing, so that it may be sent twice. */
function isRead(asked: RelayRequest): boolean {
	if (asked.op === "run") return asked.call === "status";
	return asked.op === "read" || asked.op === "head" || asked.op === "check";
}

function hint(status: number): string {
	if (status === 404) return " Check the URL, and set SSE_RELAY_TOKEN at that hub.";
	return status >= 300 && status < 400 ? " Give the address that it redirects to." : "";
}

export function late(timeout: number): ConnectorError {
	return new ConnectorError("unavailable", `The hub did not answer within ${timeout} ms.`);
}

/** The relay's options and the hub do not agree on whether the hub keeps messages. */
export function mismatch(history: boolean): ConnectorError {
	return new ConnectorError(
		"refused",
		history
			? "The hub keeps no messages: write relay(url, { history: false }), or give its broker a history."
			: "The hub keeps messages: write relay(url, { history: true }).",
	);
}

function addressOf(url: string): string {
	if (!URL.canParse(url)) {
		throw new ConfigurationError("relay(): the URL is invalid. Write the URL of a hub: https://….");
	}
	const { protocol, username, password, search, hash, origin, pathname } = new URL(url);
	if (protocol !== "https:" && protocol !== "http:") {
		throw new ConfigurationError("relay(): the URL must begin with https: or http:.");
	}
	if (username + password + search + hash !== "") {
		throw new ConfigurationError(
			"relay(): the URL must have no user, query or fragment. The token goes into `token`.",
		);
	}
	return `${origin}${pathname.replace(/\/+$/, "").replace(/\/relay$/, "")}/relay`;
}
