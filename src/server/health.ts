import type { Context } from "hono";
import { SseError } from "../core/errors.ts";
import type { ServerSentEvents } from "../core/sse.ts";
import { reused } from "./reused.ts";
import { alone, type Whole } from "./whole.ts";

/** How long the answers of the broker and of the hub's other processes are reused, in ms. */
const freshness = 1_000;

/**
 * `GET /readyz`, and its older name `/healthz`: 200 while clients are served, 503 while the
 * broker is away or the process drains.
 */
export function healthCheck(
	sse: ServerSentEvents,
	whole: Whole = alone(sse),
): (c: Context) => Promise<Response> {
	const problem = () => brokerProblem(sse);
	const recentProblem = reused(freshness, problem);
	// The check is open to everybody, and counting asks every process.
	const stats = whole.isShared ? reused(freshness, whole.stats) : whole.stats;
	// On Workers a request must not wait for another's I/O.
	const lastProblem = () => (sse.connector.scope === "request" ? problem() : recentProblem());
	return async (c) => {
		const reason = whole.isClosing ? "closing" : await lastProblem();
		const counted = await counts(sse, stats);
		const isUncounted = counted instanceof SseError;
		const status = reason ?? (isUncounted ? counted.code : "ok");
		return c.json(
			{ status, connector: whole.broker, ...(isUncounted ? {} : counted) },
			status === "ok" ? 200 : 503,
			{ "cache-control": "no-store" },
		);
	};
}

async function counts(sse: ServerSentEvents, stats: Whole["stats"]) {
	// This process cannot count streams that the broker makes itself.
	if (sse.connector.stream !== undefined) return {};
	try {
		const { connections, channels } = await stats();
		return { connections, channels };
	} catch (error) {
		if (error instanceof SseError) return error;
		throw error;
	}
}

/** Says in one word what is wrong with the broker. The log of a failed request has the details. */
async function brokerProblem(sse: ServerSentEvents): Promise<string | undefined> {
	try {
		await sse.connector.check?.();
		return undefined;
	} catch (error) {
		if (error instanceof SseError) return error.code;
		throw error;
	}
}
