import type { Context } from "hono";
import { isAllowed } from "../core/request/request.ts";
import type { ServerSentEvents } from "../core/sse.ts";
import { Runs } from "../runs/runs.ts";

/**
 * The runs whose channels begin with the prefix. Only their producers publish to them. Undefined: the hub may not stream
 * them.
 */
export function runsOf(
	sse: ServerSentEvents,
	prefix: string | undefined,
	allowed: readonly string[] | undefined,
): HubRuns | undefined {
	if (prefix === undefined) return undefined;
	if (isAllowed(prefix, allowed)) return { prefix, runs: new Runs(sse, { prefix }) };
	sse.runHost(prefix);
	return undefined;
}

export interface HubRuns {
	readonly prefix: string;
	readonly runs: Runs;
}

/**
 * `GET /run?channel=…`: a run from its beginning to its end, which an event `sse.end` tells. It takes the right to read
 * the channel.
 */
export async function streamRun(
	c: Context,
	sse: ServerSentEvents,
	hubRuns: HubRuns | undefined,
): Promise<Response> {
	if (hubRuns === undefined) {
		return c.json({ error: "The hub knows of no runs. Set SSE_RUNS_PREFIX." }, 404);
	}
	const { prefix, runs } = hubRuns;
	const channel = c.req.query("channel") ?? "";
	if (!channel.startsWith(prefix) || channel === prefix) {
		return c.json({ error: `channel: must be a run's, which begins with "${prefix}".` }, 400);
	}
	const { history, runs: store } = sse.connector;
	if (history === undefined || store === undefined) {
		return c.json({ error: "Nothing is kept here. Set SSE_HISTORY_LENGTH." }, 400);
	}
	try {
		return await runs.stream(c.req.raw, channel.slice(prefix.length), {
			format: "told",
			host: c.env,
		});
	} catch (error) {
		if (error instanceof TypeError) return c.json({ error: error.message }, 400);
		throw error;
	}
}
