import { isNodeResponse } from "../core/sinks/node-response.ts";
import { countWaiting } from "../core/sinks/pipeline.ts";
import { type NodeIncoming, toRequest } from "./node/request.ts";
import { fail, type NodeOutgoing, send } from "./node/response.ts";

export type { NodeIncoming } from "./node/request.ts";
export type { NodeOutgoing } from "./node/response.ts";

/** What a handler is given besides the request: Node's own two objects, as the framework has them. */
export interface NodeHost<
	Incoming extends NodeIncoming = NodeIncoming,
	Outgoing extends NodeOutgoing = NodeOutgoing,
> {
	incoming: Incoming;
	outgoing: Outgoing;
}

/** A fetch handler on Node. With `host` handed on to `sse.stream`, a stream costs half as much. */
export type NodeFetch<
	Incoming extends NodeIncoming = NodeIncoming,
	Outgoing extends NodeOutgoing = NodeOutgoing,
> = (request: Request, host: NodeHost<Incoming, Outgoing>) => Response | Promise<Response>;

/**
 * Makes a fetch handler one for `node:http`, `node:https`, `node:http2` and Express, and with
 * `reply.hijack()` for Fastify.
 *
 * ```ts
 * createServer(toNodeHandler(sse));
 * app.get("/rooms/:room", toNodeHandler((request, host) =>
 *   sse.stream(request, { channel: `room.${host.incoming.params.room}`, host })));
 * ```
 *
 * Headers that were set on Node's response before are sent, too. A request that is none (an absurd `Host`,
 * a method that `Request` refuses) is answered with 400; a handler that fails is reported to `console.error`
 * and answered with 500. A body that was read before (by `express.json()`) is taken from `rawBody`, where there is one.
 *
 * @throws {TypeError} when `handler` is no fetch handler; from the function that it returns, when that is called with
 *   another framework's objects instead of Node's own two.
 */
export function toNodeHandler<
	Incoming extends NodeIncoming = NodeIncoming,
	Outgoing extends NodeOutgoing = NodeOutgoing,
>(
	handler: NodeFetch<Incoming, Outgoing> | { fetch: NodeFetch<Incoming, Outgoing> },
): (incoming: Incoming, outgoing: Outgoing) => void {
	const fetch = typeof handler === "function" ? handler : handler?.fetch;
	if (typeof fetch !== "function") {
		throw new TypeError(
			"toNodeHandler: needs a fetch handler, or an object with a `fetch` method, as in toNodeHandler(sse).",
		);
	}
	return (incoming, outgoing) => {
		checkPair(incoming, outgoing);
		// Nothing is begun for a connection that was closed, as too much waited on it.
		if (isNodeResponse(outgoing) && !countWaiting(outgoing)) return;
		answer(fetch, incoming, outgoing).catch((error: unknown) => fail(outgoing, error));
	};
}

/** @throws {TypeError} that says what to write, when a framework calls a handler with what is its own. */
function checkPair(incoming: unknown, outgoing: unknown): void {
	const isPair =
		isObject(incoming) && "rawHeaders" in incoming && isObject(outgoing) && "setHeader" in outgoing;
	if (isPair) return;
	throw new TypeError(
		"toNodeHandler: its handler must be called with Node's own request and response. " +
			"In Fastify: reply.hijack(), then handler(request.raw, reply.raw). " +
			"In Koa: ctx.respond = false, then handler(ctx.req, ctx.res). " +
			"In Hono, on Bun, Deno and Workers it is not needed: sse.fetch takes their Request.",
	);
}

function isObject(value: unknown): value is object {
	return typeof value === "object" && value !== null;
}

async function answer<Incoming extends NodeIncoming, Outgoing extends NodeOutgoing>(
	fetch: NodeFetch<Incoming, Outgoing>,
	incoming: Incoming,
	outgoing: Outgoing,
): Promise<void> {
	const request = toRequest(incoming, outgoing);
	if (request === undefined) {
		outgoing.statusCode = 400;
		outgoing.end();
		return;
	}
	const response = await fetch(request, { incoming, outgoing });
	// The client has not waited for it.
	if (request.signal.aborted) await response.body?.cancel();
	else await send(response, outgoing, incoming.method);
}
