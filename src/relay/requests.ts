import { errorOf } from "../connectors/shared/error-text.ts";
import { orAborted } from "../connectors/shared/timeout.ts";
import { ConfigurationError, ConnectorError } from "../core/errors.ts";
import { type RelayRequest, version, versionHeader, viaHeader } from "./protocol.ts";

/** The requests of one relay. */
export class Requests {
	readonly #url: string;
	readonly #token: string;
	/** For one answer, in ms. */
	readonly timeout: number;

	/** @throws {ConfigurationError} when these allow no request. It holds no value of them. */
	constructor(url: string, token: string, timeout: number) {
		this.#url = addressOf(url);
		this.#token = token;
		this.timeout = timeout;
		if (!/^[\x21-\x7e]+$/.test(token)) {
			throw new ConfigurationError(
				"relay(): token: it is empty, or has a character that no header can carry.",
			);
		}
	}

	/**
	 * Asks for a JSON answer. A read is asked for once more when its connection broke: the hub may have closed a
	 * pooled one in the same moment.
	 *
	 * @param via the relays that ask, the last one last.
	 * @throws {ConnectorError} `refused`, or `unavailable`: the request may have been carried out.
	 */
	async ask(asked: RelayRequest, via: readonly string[]): Promise<Record<string, unknown>> {
		const abort = new AbortController();
		const timer = setTimeout(() => abort.abort(late(this.timeout)), this.timeout);
		try {
			return await this.#answer(asked, via, abort.signal);
		} catch (error) {
			// An answer of the hub has no cause.
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
			throw new TypeError("The answer is no object.");
		} catch (cause) {
			throw failure("The hub's answer broke off, or is no JSON object.", cause, signal);
		}
	}

	/**
	 * One POST, never repeated.
	 *
	 * @param signal is aborted with a `ConnectorError`. It governs the body, too.
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
				// A Blob: Deno sends a body again that it can copy when a pooled connection breaks.
				body: new Blob([JSON.stringify(asked)]),
				// A redirect would be followed as a GET, or take the token elsewhere.
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
		const passing = status >= 500 || status === 408 || status === 425 || status === 429;
		const words = (errorOf(text) ?? "").replaceAll(this.#token, "…").slice(0, 300);
		return new ConnectorError(
			passing && status !== 508 ? "unavailable" : "refused",
			words === ""
				? `The hub answered ${status}.${hint(status)}`
				: `The hub answered ${status}: ${words}`,
		);
	}
}

/** Whether it changes nothing, and so may be asked twice. */
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

/** The hub keeps messages, and the relay's options say that it does not, or the other way round. */
export function mismatch(history: boolean): ConnectorError {
	return new ConnectorError(
		"refused",
		history
			? "The hub keeps no messages: write relay(url, { history: false }), or give its broker a history."
			: "The hub keeps messages: write relay(url, { history: true }).",
	);
}

/** Why a request or its body failed: the signal's reason, where that ended it. */
export function failure(message: string, cause: unknown, signal: AbortSignal): ConnectorError {
	if (signal.reason instanceof ConnectorError) return signal.reason;
	return cause instanceof ConnectorError
		? cause
		: new ConnectorError("unavailable", message, { cause });
}

function addressOf(url: string): string {
	if (!URL.canParse(url)) {
		throw new ConfigurationError("relay(): the URL is invalid: write that of a hub, https://….");
	}
	const { protocol, username, password, search, hash, origin, pathname } = new URL(url);
	if (protocol !== "https:" && protocol !== "http:") {
		throw new ConfigurationError("relay(): the URL must begin with https: or http:.");
	}
	if (username + password + search + hash !== "") {
		throw new ConfigurationError("relay(): the URL must be bare: the token goes into `token`.");
	}
	return `${origin}${pathname.replace(/\/+$/, "").replace(/\/relay$/, "")}/relay`;
}
