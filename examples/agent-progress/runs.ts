import { ServerSentEvents } from "edge-sse";
import { redis } from "edge-sse/redis";
import { Runs } from "edge-sse/runs";

/** What the job and its viewers have in common: a Redis, and the options of the runs. */
const url = process.env.SSE_REDIS_URL ?? "redis://127.0.0.1:6379";
// A job that begins on a busy machine waits for its Redis rather than fail: 20 s, where 3 are the default.
export const sse = new ServerSentEvents({
	connector: redis(url, { history: {}, timeout: 20_000 }),
});

// Two seconds, so that a job that is killed is missed soon; 15 are enough for most.
export const runs = new Runs(sse, { lease: 2_000 });
