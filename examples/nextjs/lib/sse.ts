import { Redis } from "@upstash/redis";
import { ServerSentEvents } from "edge-sse";
import { upstash } from "edge-sse/upstash";

// Routes are bundles of their own, and run in processes that come and go: what joins them is a broker. On a
// server of your own that may be redis("redis://…") from "edge-sse/redis", for the routes that run on Node.
export const sse = new ServerSentEvents({
	connector: () => upstash(Redis.fromEnv(), { history: {} }),
	maxDuration: 290_000, // a little below `maxDuration` of the routes
});
