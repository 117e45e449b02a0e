import { SseError } from "./errors.ts";
import { type CheckedOptions, checkStreamOptions, type StreamOptions } from "./options.ts";
import { granted, isResponse } from "./request/authorize.ts";
import { corsHeaders, preflight } from "./request/cors.ts";
import {
	channelProblem,
	cursorProblem,
	isAllowed,
	requestedChannels,
	urlProblem,
} from "./request/request.ts";
import { askToReconnect, refuse } from "./request/response.ts";
import { checkRequest } from "./sinks/foreign-request.ts";
import { turnOn } from "./sinks/host.ts";

/** What a request is to be streamed. */
export interface Admitted {
	names: readonly string[];
	/** When the stream is to end, in ms since 1970; `Infinity`: never. */
	expires: number;
	/** For the answer, whichever it is. */
	headers: Record<string, string>;
}

/**
 * Waits for the turn of a request that was pipelined, before anything is done for it.
 *
 * @returns false when the client has left meanwhile.
 * @throws {TypeError} when it is no `Request`, or the route's own options are out of their range.
 */
export async function isReady(request: Request, route: StreamOptions): Promise<boolean> {
	checkRequest(request);
	checkStreamOptions(route);
	return (await turnOn(request, route.host)) ?? true;
}

/**
 * Holds a stream request to every rule, the cheap ones first and `authorize` last, before anything upstream
 * is touched.
 *
 * @param route the route's own options, checked.
 * @param hasHistory asked only where it matters, for it makes the connector.
 * @returns what it may have, or the answer that it gets instead.
 */
export async function admit(
	request: Request,
	route: StreamOptions,
	options: CheckedOptions,
	hasHistory: () => boolean,
): Promise<Admitted | Response> {
	const { channel, expires = Number.POSITIVE_INFINITY } = route;
	const { cors, authorize, limits } = options;
	const headers = await corsHeaders(options, request);
	if (request.method === "OPTIONS" && cors !== undefined) return preflight(request, headers);
	if (request.method !== "GET" && request.method !== "HEAD") {
		const allow = cors === undefined ? "GET, HEAD" : "GET, HEAD, OPTIONS";
		return refuse(405, "An event stream is read with GET.", { ...headers, allow });
	}
	const requested = urlProblem(request, limits) ?? cursorProblem(request, limits, hasHistory);
	if (requested !== undefined) return refuse(400, requested, headers);
	const asked = channel === undefined ? requestedChannels(request) : [channel].flat();
	const problem = channelProblem(asked, limits);
	if (problem !== undefined) return refuse(400, problem, headers);
	const names = [...new Set(asked)];
	if (!names.every((name) => isAllowed(name, options.channels.allowed))) {
		return refuse(403, "channel: there is no such channel here.", headers);
	}
	const admitted = { names, expires, headers };
	if (authorize === undefined) return admitted;
	try {
		const verdict = await authorize(request, names);
		if (isResponse(verdict)) return withHeaders(verdict, headers);
		const grant = granted(verdict, names);
		if (grant.names.length === 0) {
			return refuse(403, "channel: this request may not read it.", headers);
		}
		return { ...grant, expires: Math.min(admitted.expires, grant.expires), headers };
	} catch (error) {
		options.onError(error, { stage: "authorize" });
		// Who was to be asked is away: that will pass.
		if (error instanceof SseError && error.code === "unavailable")
			return askToReconnect(request, headers);
		return refuse(500, "Internal error.", headers);
	}
}

/** A copy, for a response's headers may be immutable (`Response.redirect()`). */
function withHeaders(response: Response, headers: Record<string, string>): Response {
	const answer = new Response(response.body, response);
	for (const [name, value] of Object.entries(headers)) {
		if (name === "vary") answer.headers.append(name, value);
		else answer.headers.set(name, value);
	}
	return answer;
}
