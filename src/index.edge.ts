/**
 * Server-sent events for hosts at the edge, such as Cloudflare Workers. No TCP client is included.
 *
 * ```ts
 * import { sse } from "edge-sse"; // UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN configure it
 *
 * export default { fetch: sse.fetch };
 * ```
 *
 * @module
 */

import { ConfigurationError } from "./core/errors.ts";
import { ServerSentEvents } from "./core/sse.ts";
import { connectorFromEnvironment, unconfigured } from "./environment.ts";

export * from "./exports.ts";

/**
 * The ready-made instance for hosts at the edge, chosen by export condition (`workerd`,
 * `edge-light`). Its bundle has no TCP client: Upstash's variables configure it. For a `redis:`
 * URL its error says what to import.
 *
 * @example
 * ```ts
 * import { sse } from "edge-sse";
 *
 * export default { fetch: sse.fetch };
 * ```
 */
// Marked pure, so that a bundle of the class alone leaves out this instance and its clients.
export const sse: ServerSentEvents = /* @__PURE__ */ new ServerSentEvents({
	connector: (host) => {
		const connector = connectorFromEnvironment(withoutTcp, host);
		if (connector === undefined) throw unconfigured();
		return connector;
	},
});

function withoutTcp(): never {
	throw new ConfigurationError(
		"A redis: URL needs a TCP client, which this build leaves out to stay small. " +
			'import { redis } from "edge-sse/redis" and new ServerSentEvents({ connector: redis(url) }), ' +
			"or set UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN.",
	);
}
