import { Redis } from "@upstash/redis";
import { ServerSentEvents } from "edge-sse";
import { upstash } from "edge-sse/upstash";

// Vercel ends an edge function's stream after 300 s: better in good order, a little before. With the history,
// the client that comes back misses nothing.
export const sse = new ServerSentEvents({
	// From KV_REST_API_URL and KV_REST_API_TOKEN, as Vercel's integration sets them, or Upstash's own names.
	connector: () => upstash(Redis.fromEnv(), { history: {} }),
	maxDuration: 290_000,
});
