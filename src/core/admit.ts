import { SseError } from "./errors.ts";
import type { CheckedOptions } from "./options.ts";
import { prefersJson } from "./request/accept.ts";
import { granted, isResponse } from "./request/authorize.ts";
import { corsHeaders, preflight } from "./request/cors.ts";
import { pollProblem } from "./request/poll-request.ts";
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
import { checkStreamOptions, type StreamOptions } from "./stream-options.ts";

/** The stream that a request may have. */
export interface Admitted {
	names: readonly string[];
	/** When the stream ends, in ms since 1970. `Infinity`: never. */
	expires: number;
	/** Headers of every answer. */
	headers: Record<string, string>;
}

/**
 * Waits for the turn of a pipelined request before anything is done for it.
 *
 * @returns false when the client has left meanwhile.
 * @throws {TypeError} when it is no `Request`, or an option of the route is out of its range.
 */
export async function isReady(request: Request, route: StreamOptions): Promise<boolean> {
	checkRequest(request);
	checkStreamOptions(route);
	return (await turnOn(request, route.host)) ?? true;
}

/**
 * Checks a stream request against every rule before anything is asked of the broker. Cheap
 * rules come first, `authorize` last.
 *
 * @param route the route's own options, checked.
 * @param hasHistory called only where it matters, because it makes the connector.
 * @returns the stream that it may have, or the answer that it gets instead.
 */
export async function admit(
	request: Request,
	route: StreamOptions,
	options: CheckedOptions,
	hasHistory: () => boolean,
): Promise<Admitted | Response> {
	const { channel, expires = Number.POSITIVE_INFINITY } = route;
	const { cors, limits } = options;
	const headers = await corsHeaders(options, request);
	if (request.method === "OPTIONS" && cors !== undefined) return preflight(request, headers);
	if (request.method !== "GET" && request.method !== "HEAD") {
		const allow = cors === undefined ? "GET, HEAD" : "GET, HEAD, OPTIONS";
		return refuse(405, "An event stream is read with GET.", { ...headers, allow });
	}
	const requested =
		urlProblem(request, limits) ??
		cursorProblem(request, limits, hasHistory) ??
		(prefersJson(request) ? jsonProblem(request, hasHistory) : undefined);
	if (requested !== undefined) return refuse(400, requested, headers);
	const asked = channel === undefined ? requestedChannels(request) : [channel].flat();
	const problem = channelProblem(asked, limits);
	if (problem !== undefined) return refuse(400, problem, headers);
	const names = [...new Set(asked)];
	if (!names.every((name) => isAllowed(name, options.channels.allowed))) {
		return refuse(403, "channel: no such channel.", headers);
	}
	const later = () => askToReconnect(request, headers);
	const grant = await permitted(request, names, headers, options, later);
	if (isResponse(grant)) return grant;
	return { ...grant, expires: Math.min(expires, grant.expires), headers };
}

/**
 * Asks `authorize` for channels.
 *
 * @param later the answer while a service that it needs is away.
 */
export async function permitted(
	request: Request,
	names: readonly string[],
	headers: Record<string, string>,
	{ authorize, onError }: Pick<CheckedOptions, "authorize" | "onError">,
	later: () => Response,
): Promise<Omit<Admitted, "headers"> | Response> {
	if (authorize === undefined) return { names, expires: Number.POSITIVE_INFINITY };
	try {
		const verdict = await authorize(request, names);
		if (isResponse(verdict)) return withHeaders(verdict, headers);
		const grant = granted(verdict, names);
		if (grant.names.length > 0) return grant;
		return refuse(403, "channel: this request may not read it.", headers);
	} catch (error) {
		onError(error, { stage: "authorize" });
		if (error instanceof SseError && error.code === "unavailable") return later();
		return refuse(500, "Internal error.", headers);
	}
}

/** Names the rule that a request for JSON breaks. Undefined: none. */
function jsonProblem(request: Request, hasHistory: () => boolean): string | undefined {
	if (hasHistory()) return pollProblem(request);
	return "accept: JSON needs a history, which is off here. Ask for text/event-stream.";
}

/** A copy, because a response's headers may be immutable (`Response.redirect()`). */
function withHeaders(response: Response, headers: Record<string, string>): Response {
	const answer = new Response(response.body, response);
	for (const [name, value] of Object.entries(headers)) {
		if (name === "vary") answer.headers.append(name, value);
		else answer.headers.set(name, value);
	}
	return answer;
}
