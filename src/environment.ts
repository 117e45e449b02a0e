import type { Connector } from "./connector.ts";
import { redis } from "./connectors/redis.ts";
import { ConfigurationError } from "./errors.ts";

type Variables = Record<string, unknown>;

/**
 * The connector that the environment names: `SSE_REDIS_URL`, then `REDIS_URL`, as flask-sse reads them.
 *
 * @param host what the runtime handed the fetch handler: on Workers the bindings, for variables
 *   are there even when `process.env` is not.
 * @throws {ConfigurationError} when none is set, or its scheme names no connector.
 */
export function connectorFromEnvironment(host?: unknown): Connector {
	const connector = namedConnector(host);
	if (connector !== undefined) return connector;
	throw new ConfigurationError(
		"No broker is configured: set SSE_REDIS_URL or REDIS_URL to a redis: or rediss: URL, " +
			"or make your own: new ServerSentEvents({ connector }).",
	);
}

/** The same, and undefined when none is set. */
export function namedConnector(host?: unknown): Connector | undefined {
	const read = reader(host);
	for (const name of ["SSE_REDIS_URL", "REDIS_URL"]) {
		const url = read(name);
		if (url !== undefined) return connectorFromUrl(name, url);
	}
	return undefined;
}

function connectorFromUrl(name: string, url: string): Connector {
	// The URL itself stays out of the message: it may carry a password.
	if (/^rediss?:/i.test(url)) return redis(url);
	throw new ConfigurationError(`${name} must be a redis: or rediss: URL.`);
}

// Variable by variable: Deno may have been allowed to read these alone.
function reader(host: unknown): (name: string) => string | undefined {
	const { process } = globalThis as { process?: { env?: Variables } };
	const bindings = typeof host === "object" && host !== null ? (host as Variables) : {};
	return (name) => {
		const value = process?.env?.[name] ?? bindings[name];
		return typeof value === "string" && value !== "" ? value : undefined;
	};
}
