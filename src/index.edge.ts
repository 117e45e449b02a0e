import { ConfigurationError } from "./core/errors.ts";
import { ServerSentEvents } from "./core/sse.ts";
import { connectorFromEnvironment, unconfigured } from "./environment.ts";

export * from "./exports.ts";

/**
 * The ready-made instance for hosts at the edge, chosen by export condition (`workerd`, `edge-light`).
 * It brings no TCP client into the bundle: Upstash's variables configure it, and for a `redis:` URL its
 * error says what to import.
 */
// Marked pure: a bundle that imports only the class leaves it out, and the clients with it.
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
