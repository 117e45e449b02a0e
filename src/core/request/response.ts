import { commentFrame, jitteredRetry, retryEventFrame, retryFrame } from "../message/frame.ts";
import { asksForControl } from "./request.ts";

/**
 * How a stream request is answered. A non-200 answer is final for an EventSource: it gives up and
 * never asks again (https://html.spec.whatwg.org/multipage/server-sent-events.html#sse-processing-model).
 * So what is final is refused with a status, and what will pass is answered as a stream that ends.
 */

// No `connection` and no `transfer-encoding`: they belong to the host, and HTTP/2 forbids them.
// `no-transform` keeps compressing proxies from buffering, `x-accel-buffering` does for nginx.
const streamHeaders = {
	"content-type": "text/event-stream",
	"cache-control": "no-cache, no-transform",
	"x-accel-buffering": "no",
};

/** The event stream itself; a null body is the answer to HEAD. */
export function eventStream(
	body: ReadableStream<Uint8Array> | string | null,
	headers?: Record<string, string>,
): Response {
	return new Response(body, { headers: { ...streamHeaders, ...headers } });
}

/** A final no: the request itself must change before it can succeed. */
export function refuse(
	status: 400 | 403 | 405 | 500,
	error: string,
	headers?: Record<string, string>,
): Response {
	return Response.json({ error }, { status, headers: { "cache-control": "no-store", ...headers } });
}

/**
 * A passing no: the EventSource waits and asks again by itself. The wait is drawn from 2 to 6 s, so
 * that clients turned away together do not come back together.
 */
export function askToReconnect(request: Request, headers?: Record<string, string>): Response {
	const ms = jitteredRetry();
	const event = asksForControl(request) ? retryEventFrame(ms) : "";
	return eventStream(commentFrame + retryFrame(ms) + event, headers);
}
