import type { Context } from "hono";
import { SseError } from "../core/errors.ts";
import type { ServerSentEvents } from "../core/sse.ts";
import { alone, type Whole } from "./whole.ts";

/**
 * How long an answer of the broker is reused, in ms, so that frequent checks do not reach it
 * more often.
 */
const freshness = 1_000;

/**
 * `GET /readyz`, and its older name `/healthz`: 200 while clients are served, 503 while the
 * broker is away or the process drains.
 */
export function healthCheck(
	sse: ServerSentEvents,
	whole: Whole = alone(sse),
): (c: Context) => Promise<Response> {
	let asked: Promise<string | undefined> | undefined;
	let askedAt = Number.NEGATIVE_INFINITY;
	const problem = () => {
		const now = performance.now();
		// On Workers a request must not wait for another's I/O.
		if (asked === undefined || now - askedAt > freshness || sse.connector.scope === "request") {
			askedAt = now;
			asked = brokerProblem(sse);
		}
		return asked;
	};
	return async (c) => {
		const reason = whole.isClosing ? "closing" : await problem();
		const counted = await counts(sse, whole);
		const isUncounted = counted instanceof SseError;
		const status = reason ?? (isUncounted ? counted.code : "ok");
		return c.json(
			{ status, connector: whole.broker, ...(isUncounted ? {} : counted) },
			status === "ok" ? 200 : 503,
			{ "cache-control": "no-store" },
		);
	};
}

async function counts(sse: ServerSentEvents, whole: Whole) {
	// This process cannot count streams that the broker makes itself.
	if (sse.connector.stream !== undefined) return {};
	try {
		const { connections, channels } = await whole.stats();
		return { connections, channels };
	} catch (error) {
		if (error instanceof SseError) return error;
		throw error;
	}
}

/** One word for what is wrong. The log of the failed request has the rest. */
async function brokerProblem(sse: ServerSentEvents): Promise<string | undefined> {
	try {
		await sse.connector.check?.();
		return undefined;
	} catch (error) {
		if (error instanceof SseError) return error.code;
		throw error;
	}
}
