import { commentFrame, jitteredRetry, retryEventFrame, retryFrame } from "../message/frame.ts";
import { prefersJson } from "./accept.ts";
import { asksForControl } from "./request.ts";

/**
 * How a stream request is answered. An EventSource gives up for good on every status but 200:
 * https://html.spec.whatwg.org/multipage/server-sent-events.html#sse-processing-model. So a
 * final refusal has such a status, and a passing one is a stream that ends at once.
 */

// No `connection` and no `transfer-encoding`: they belong to the host, and HTTP/2 forbids them.
// `no-transform` keeps compressing proxies from buffering, `x-accel-buffering` does for nginx.
const streamHeaders = {
	"content-type": "text/event-stream",
	"cache-control": "no-cache, no-transform",
	"x-accel-buffering": "no",
};

/** The event stream. A null body answers HEAD. */
export function eventStream(
	body: ReadableStream<Uint8Array> | string | null,
	headers?: Record<string, string>,
): Response {
	return new Response(body, { headers: streamHeadersWith(headers) });
}

export function streamHeadersWith(headers?: Record<string, string>): Record<string, string> {
	return { ...streamHeaders, ...headers };
}

/**
 * Headers of a stream where streams may be compressed.
 *
 * @param coding undefined: this one is not.
 */
export function codedHeaders(
	headers: Record<string, string>,
	coding: string | undefined,
): Record<string, string> {
	const vary = [headers.vary, "Accept-Encoding"].filter(Boolean).join(", ");
	return { ...headers, vary, ...(coding !== undefined && { "content-encoding": coding }) };
}

/** A final refusal: the request itself must change before it can succeed. */
export function refuse(
	status: 400 | 403 | 404 | 405 | 500,
	error: string,
	headers?: Record<string, string>,
): Response {
	return Response.json({ error }, { status, headers: { "cache-control": "no-store", ...headers } });
}

/**
 * A passing refusal: the EventSource waits and asks again by itself. The wait is a random time
 * between 2 and 6 s, so that refused clients do not return together.
 */
export function askToReconnect(request: Request, headers?: Record<string, string>): Response {
	const ms = jitteredRetry();
	if (prefersJson(request)) return retryLater(ms, headers);
	const event = asksForControl(request) ? retryEventFrame(ms) : "";
	return eventStream(commentFrame + retryFrame(ms) + event, headers);
}

/** The same for a request that reads JSON: its client sees the status. */
function retryLater(ms: number, headers?: Record<string, string>): Response {
	const error = JSON.stringify({ error: "Not available just now. Try again." });
	const retry = {
		"retry-after": String(Math.ceil(ms / 1_000)),
		"access-control-expose-headers": "Retry-After",
	};
	return messagesJson(error, { ...headers, ...retry }, 503);
}

/** JSON from a URL that is an event stream for other requests. */
export function messagesJson(
	text: string | null,
	headers: Record<string, string> = {},
	status = 200,
): Response {
	const vary = [headers.vary, "Accept"].filter(Boolean).join(", ");
	const type = { "content-type": "application/json", "cache-control": "no-store" };
	return new Response(text, { status, headers: { ...headers, ...type, vary } });
}
