/**
 * Server-sent events for Node, Bun and Deno: publish from anywhere, stream from one fetch handler.
 *
 * ```ts
 * import { ServerSentEvents } from "edge-sse";
 * import { redis } from "edge-sse/redis";
 *
 * const sse = new ServerSentEvents({ connector: redis("redis://localhost:6379") });
 * export default {
 * 	async fetch(request: Request) {
 * 		if (request.method !== "POST") return sse.fetch(request); // streams ?channel=
 * 		return Response.json(await sse.publish(await request.text(), { channel: "news" }));
 * 	},
 * };
 * ```
 *
 * @module
 */

import { redis } from "./connectors/redis.ts";
import { ServerSentEvents } from "./core/sse.ts";
import { connectorFromEnvironment, unconfigured } from "./environment.ts";

export * from "./exports.ts";

/**
 * The ready-made instance, like flask-sse's `sse`. It reads the environment on first use, never
 * at import: `SSE_REDIS_URL`, then `REDIS_URL`, then `UPSTASH_REDIS_REST_URL` and `_TOKEN`,
 * then `KV_REST_API_URL` and `_TOKEN`.
 *
 * @example
 * ```ts
 * import { sse } from "edge-sse";
 *
 * await sse.publish({ message: "Hello!" }, { type: "greeting" });
 * ```
 */
// Marked pure, so that a bundle of the class alone leaves out this instance and its clients.
export const sse: ServerSentEvents = /* @__PURE__ */ new ServerSentEvents({
	connector: (host) => {
		const connector = connectorFromEnvironment(redis, host);
		if (connector === undefined) throw unconfigured();
		return connector;
	},
});
