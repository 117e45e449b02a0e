import type { Context } from "hono";
import { SseError } from "../core/errors.ts";
import type { ServerSentEvents } from "../core/sse.ts";

/** How long an answer of the broker's is good for, in ms: who asks more often must not reach it more often. */
const freshness = 1_000;

/** `GET /readyz`, and `/healthz`, as it was called first: 200 while clients are served, 503 while the broker is away or the process drains. */
export function healthCheck(sse: ServerSentEvents): (c: Context) => Promise<Response> {
	let asked: Promise<string | undefined> | undefined;
	let askedAt = Number.NEGATIVE_INFINITY;
	const problem = () => {
		const now = performance.now();
		// On Workers a request must not wait for what another has begun.
		if (asked === undefined || now - askedAt > freshness || sse.connector.scope === "request") {
			askedAt = now;
			asked = brokerProblem(sse);
		}
		return asked;
	};
	return async (c) => {
		const { name, stream } = sse.connector;
		const reason = sse.closing ? "closing" : await problem();
		// Streams that the broker makes itself are not this process's to count.
		const { connections, channels } = sse.stats();
		const counted = stream === undefined ? { connections, channels } : {};
		const status = reason ?? "ok";
		return c.json({ status, connector: name, ...counted }, reason === undefined ? 200 : 503, {
			"cache-control": "no-store",
		});
	};
}

/** A word for what is wrong; the rest is in the log of whoever needed the broker. */
async function brokerProblem(sse: ServerSentEvents): Promise<string | undefined> {
	try {
		await sse.connector.check?.();
		return undefined;
	} catch (error) {
		if (error instanceof SseError) return error.code;
		throw error;
	}
}
