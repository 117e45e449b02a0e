import { ServerSentEvents } from "edge-sse";
import { redis } from "edge-sse/redis";
import { Runs } from "edge-sse/runs";

/** What the job and its viewers have in common: a Redis, and the options of the runs. */
const url = process.env.SSE_REDIS_URL ?? "redis://127.0.0.1:6379";
export const sse = new ServerSentEvents({ connector: redis(url, { history: {} }) });

// Two seconds, so that a job that is killed is missed soon; 15 are enough for most.
export const runs = new Runs(sse, { lease: 2_000 });
