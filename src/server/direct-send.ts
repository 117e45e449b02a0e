import type { Http2Bindings, HttpBindings } from "@hono/node-server";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { fail, send } from "../adapters/node/response.ts";
import type { BeginStream } from "../core/sinks/host.ts";
import { isNodeResponse } from "../core/sinks/node-response.ts";
import { sinkOf } from "../core/sinks/node-sink.ts";
import { countWaiting } from "../core/sinks/pipeline.ts";
import { begin } from "./begin-stream.ts";
import { logFailure } from "./log.ts";

type Bindings = HttpBindings | Http2Bindings;

/**
 * Sends event streams without Hono's adapter for Node. The adapter keeps a web stream for each client as long as it is
 * connected, which is 3 of a client's 20 kB.
 *
 * @param completesHeads whether the app adds headers to the responses of streams. Then it gets those responses first.
 */
export function sendDirectly(
	fetch: (
		request: Request,
		host: Bindings & { begin?: BeginStream },
	) => Response | Promise<Response>,
	completesHeads: boolean,
): (request: Request, host: Bindings) => Promise<Response> {
	return async (request, host) => {
		const { outgoing } = host;
		// This connection was closed because too many requests waited on it.
		if (isNodeResponse(outgoing) && !countWaiting(outgoing)) return RESPONSE_ALREADY_SENT;
		const response = await fetch(request, completesHeads ? host : { ...host, begin: beginOrBreak });
		// A stream has begun.
		if (outgoing.headersSent) return RESPONSE_ALREADY_SENT;
		// Nobody is left to read the head. A body is sent all the same, because that cancels it.
		if (outgoing.destroyed && response.body === null) return RESPONSE_ALREADY_SENT;
		if (sinkOf(outgoing) === undefined) return response;
		send(response, outgoing, request.method).catch((error: unknown) => fail(outgoing, error));
		return RESPONSE_ALREADY_SENT;
	};
}

/** An agent may have replaced Node's methods by some that throw. Then the connection is closed, and the stream ends. */
const beginOrBreak: BeginStream = (outgoing, socket, headers, owner) => {
	try {
		return begin(outgoing, socket, headers, owner);
	} catch (error) {
		logFailure("request", error);
		outgoing.destroy();
		const write = () => {
			throw error;
		};
		return { write, bufferedBytes: 0, end: () => undefined, abort: () => undefined };
	}
};
