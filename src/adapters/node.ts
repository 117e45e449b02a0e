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
 * and answered with 500.
 */
export function toNodeHandler<
	Incoming extends NodeIncoming = NodeIncoming,
	Outgoing extends NodeOutgoing = NodeOutgoing,
>(
	handler: NodeFetch<Incoming, Outgoing> | { fetch: NodeFetch<Incoming, Outgoing> },
): (incoming: Incoming, outgoing: Outgoing) => void {
	const fetch = typeof handler === "function" ? handler : handler.fetch;
	return (incoming, outgoing) => {
		answer(fetch, incoming, outgoing).catch((error: unknown) => fail(outgoing, error));
	};
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
