import { permitted } from "../core/admit.ts";
import { ConnectorError } from "../core/errors.ts";
import { checkNames } from "../core/known-names.ts";
import { isResponse } from "../core/request/authorize.ts";
import { corsHeaders, preflight } from "../core/request/cors.ts";
import { channelProblem, isAllowed, urlProblem } from "../core/request/request.ts";
import { refuse } from "../core/request/response.ts";
import type { RunHost } from "../core/run-host.ts";
import type { RunRecord } from "../core/run-store.ts";
import { checkRequest } from "../core/sinks/foreign-request.ts";
import { cancelPayload } from "./messages.ts";
import { absentText, away } from "./requests.ts";

/** The options of `runs.cancelRequest()`. */
export interface RunCancelOptions {
	/**
	 * The reason that readers are told; at most 1,000 characters.
	 *
	 * @defaultValue `""`
	 */
	reason?: string | undefined;
	/**
	 * The further arguments that the runtime passed to its fetch handler.
	 *
	 * @defaultValue none
	 */
	host?: unknown;
}

/** @throws {TypeError} when the reason is invalid. */
export function checkReason(where: string, reason: unknown): asserts reason is string {
	if (typeof reason === "string" && reason.length <= 1_000) return;
	throw new TypeError(`Runs: ${where}reason: must be a string of at most 1,000 characters.`);
}

/** Asks producers to stop. */
export class Cancels {
	readonly #runHost: RunHost;
	readonly #underWay = new Map<string, Promise<RunRecord | undefined>>();

	constructor(runHost: RunHost) {
		this.#runHost = runHost;
	}

	cancel(channel: string, reason: string, host?: unknown): Promise<RunRecord | undefined> {
		return this.#runHost.connector(host).runs.cancel(channel, reason, cancelPayload());
	}

	/** Answers a cancel request. It does not read the body. */
	async answer(request: Request, channel: string, options: RunCancelOptions): Promise<Response> {
		const where = "cancelRequest(): ";
		checkNames(`Runs: ${where}`, options, ["reason host"]);
		const { reason = "", host } = options;
		checkReason(where, reason);
		checkRequest(request);
		const { cors } = this.#runHost.options;
		const headers = await corsHeaders(this.#runHost.options, request);
		if (request.method === "OPTIONS" && cors !== undefined) {
			return preflight(request, headers, "POST");
		}
		const refusal = await this.#refusal(request, channel, headers);
		if (refusal !== undefined) return refusal;
		try {
			const record = await this.#shared(channel, reason, host);
			if (record === undefined) return refuse(404, absentText, headers);
			const { state: status } = record;
			return Response.json(
				{ status },
				{
					status: status === "running" ? 202 : 200,
					headers: { ...headers, "cache-control": "no-store" },
				},
			);
		} catch (error) {
			if (!(error instanceof ConnectorError)) throw error;
			return away("The run cannot be cancelled now.", headers);
		}
	}

	async #refusal(
		request: Request,
		channel: string,
		headers: Record<string, string>,
	): Promise<Response | undefined> {
		const { options } = this.#runHost;
		if (request.method !== "POST") {
			const allow = options.cors === undefined ? "POST" : "POST, OPTIONS";
			return refuse(405, "A run is cancelled with POST.", { ...headers, allow });
		}
		if (isForeign(request, headers)) {
			const error = "Another site's page may cancel a run where cors.origin names its origin.";
			return refuse(403, error, headers);
		}
		const problem =
			urlProblem(request, options.limits) ?? channelProblem([channel], options.limits);
		if (problem !== undefined) return refuse(400, problem, headers);
		if (!isAllowed(channel, options.channels.allowed)) {
			return refuse(403, "channel: no such channel.", headers);
		}
		const later = () => away("Not available just now. Try again.", headers);
		const verdict = await permitted(request, [channel], headers, options, later);
		if (isResponse(verdict)) return verdict;
		if (verdict.expires > Date.now()) return undefined;
		return refuse(403, "channel: the time in which this request may use it is over.", headers);
	}

	/** Sends one cancel call per run at a time. The first reason counts. */
	#shared(channel: string, reason: string, host: unknown): Promise<RunRecord | undefined> {
		const { scope } = this.#runHost.connector(host);
		const found = scope === "process" ? this.#underWay.get(channel) : undefined;
		if (found !== undefined) return found;
		const calling = this.#reported(channel, reason, host);
		this.#underWay.set(channel, calling);
		return calling;
	}

	async #reported(channel: string, reason: string, host: unknown): Promise<RunRecord | undefined> {
		try {
			return await this.cancel(channel, reason, host);
		} catch (error) {
			this.#runHost.report(error, channel);
			throw error;
		} finally {
			this.#underWay.delete(channel);
		}
	}
}

/**
 * Whether the request comes from a page of another site that `cors` does not name. Browsers attach the user's cookies to
 * such requests. A `*` in `cors` names no site. Only hosts are compared: TLS may end at a proxy, and the scheme with it.
 */
function isForeign(request: Request, headers: Record<string, string>): boolean {
	const origin = request.headers.get("origin");
	if (origin === null || headers["access-control-allow-origin"] === origin) return false;
	// On Bun the URL of a request without a `Host` header (HTTP/1.0) is only a path.
	const called = request.headers.get("host") ?? new URL(request.url, "http://localhost").host;
	if (/[\s/?#@%\\]/.test(called) || !URL.canParse(origin)) return true;
	const { protocol, host } = new URL(origin);
	if (!/^https?:$/.test(protocol) || !URL.canParse(`${protocol}//${called}`)) return true;
	return new URL(`${protocol}//${called}`).host !== host;
}
