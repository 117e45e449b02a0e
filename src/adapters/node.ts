/**
 * Serves fetch handlers on `node:http`, `node:https`, `node:http2`, Express and Fastify.
 *
 * ```ts
 * import { createServer } from "node:http";
 * import { sse } from "edge-sse";
 * import { toNodeHandler } from "edge-sse/node";
 *
 * createServer(toNodeHandler(sse)).listen(3000);
 * ```
 *
 * @module
 */

import { isNodeResponse } from "../core/sinks/node-response.ts";
import { countWaiting } from "../core/sinks/pipeline.ts";
import { type NodeIncoming, toRequest } from "./node/request.ts";
import { fail, type NodeOutgoing, send } from "./node/response.ts";

export type { NodeIncoming } from "./node/request.ts";
export type { NodeOutgoing } from "./node/response.ts";

/** What a handler gets besides the request: Node's own two objects, as the framework has them. */
export interface NodeHost<
	Incoming extends NodeIncoming = NodeIncoming,
	Outgoing extends NodeOutgoing = NodeOutgoing,
> {
	incoming: Incoming;
	outgoing: Outgoing;
}

/**
 * A fetch handler on Node. A stream costs half as much when `host` is passed on to
 * `sse.stream`.
 */
export type NodeFetch<
	Incoming extends NodeIncoming = NodeIncoming,
	Outgoing extends NodeOutgoing = NodeOutgoing,
> = (request: Request, host: NodeHost<Incoming, Outgoing>) => Response | Promise<Response>;

/**
 * Turns a fetch handler into one for `node:http`, `node:https`, `node:http2` and Express.
 * Fastify needs `reply.hijack()` before.
 *
 * Headers that were already set on Node's response are sent, too. A request that cannot be a
 * `Request` (a broken `Host`, a forbidden method) is answered with 400. When the handler fails,
 * `console.error` gets the error and the client a 500. If middleware has read the body
 * (`express.json()`), `rawBody` is used where it exists.
 *
 * @example
 * ```ts
 * import { createServer } from "node:http";
 * import { sse } from "edge-sse";
 * import { toNodeHandler } from "edge-sse/node";
 *
 * createServer(toNodeHandler(sse)).listen(3000);
 * ```
 *
 * @throws {TypeError} when `handler` is no fetch handler. The returned function throws one when
 *   it is called with another framework's objects instead of Node's own two.
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
		// This connection was closed because too many requests waited on it.
		if (isNodeResponse(outgoing) && !countWaiting(outgoing)) return;
		answer(fetch, incoming, outgoing).catch((error: unknown) => fail(outgoing, error));
	};
}

/**
 * @throws {TypeError} that says what to write, when a framework calls a handler with its own
 *   objects.
 */
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
	// The client left before the answer.
	if (request.signal.aborted) await response.body?.cancel();
	else await send(response, outgoing, incoming.method);
}
