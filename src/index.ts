import { redis } from "./connectors/redis.ts";
import { ServerSentEvents } from "./core/sse.ts";
import { connectorFromEnvironment, unconfigured } from "./environment.ts";

export * from "./exports.ts";

/**
 * The ready-made instance, as flask-sse's `sse`. It reads the environment on first use, never at import:
 * `SSE_REDIS_URL`, then `REDIS_URL`, then `UPSTASH_REDIS_REST_URL` and `_TOKEN`, then
 * `KV_REST_API_URL` and `_TOKEN`.
 */
// Marked pure: a bundle that imports only the class leaves it out, and the clients with it.
export const sse: ServerSentEvents = /* @__PURE__ */ new ServerSentEvents({
	connector: (host) => {
		const connector = connectorFromEnvironment(redis, host);
		if (connector === undefined) throw unconfigured();
		return connector;
	},
});
