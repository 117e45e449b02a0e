import { redis } from "../connectors/redis.ts";
import type { Connector } from "../core/connector.ts";
import { ConfigurationError } from "../core/errors.ts";
import { connectorFromEnvironment } from "../environment.ts";
import { relay } from "../relay.ts";
import { bearerToken, type Environment, flag, whole } from "./variables.ts";

/**
 * The broker that the environment names: another hub, or one that `connectorFromEnvironment` knows.
 *
 * @param host what the runtime passed to the fetch handler.
 * @returns undefined when none is named.
 * @throws {ConfigurationError} that names the variable, and holds no value.
 */
export function brokerFrom(environment: Environment, host?: unknown): Connector | undefined {
	const upstream = upstreamFrom(environment);
	const broker = connectorFromEnvironment(redis, host);
	if (upstream === undefined || broker === undefined) return upstream ?? broker;
	throw new ConfigurationError(
		"SSE_UPSTREAM_URL: the hub above has the broker, and another one is set here. Unset one of them.",
	);
}

function upstreamFrom(environment: Environment): Connector | undefined {
	const url = environment.SSE_UPSTREAM_URL;
	const token = bearerToken(environment, "SSE_UPSTREAM_TOKEN");
	const history = flag(environment, "SSE_UPSTREAM_HISTORY");
	if (url === undefined) {
		if (token === undefined && history === undefined) return undefined;
		const [set] = token === undefined ? ["SSE_UPSTREAM_HISTORY"] : ["SSE_UPSTREAM_TOKEN"];
		throw new ConfigurationError(`${set} is set, but not SSE_UPSTREAM_URL.`);
	}
	if (token === undefined) {
		throw new ConfigurationError(
			"SSE_UPSTREAM_URL needs SSE_UPSTREAM_TOKEN: the SSE_RELAY_TOKEN of the hub above.",
		);
	}
	if (environment.SSE_HISTORY_LENGTH ?? environment.SSE_HISTORY_SECONDS) {
		throw new ConfigurationError(
			"SSE_UPSTREAM_URL: messages are kept by the hub above. Instead of SSE_HISTORY_…, which is its own, set SSE_UPSTREAM_HISTORY=true.",
		);
	}
	const timeout = whole(environment, "SSE_BROKER_TIMEOUT", { least: 1, most: 999_999_999 });
	try {
		return relay(url, { token, history, timeout });
	} catch (error) {
		if (!(error instanceof ConfigurationError)) throw error;
		throw new ConfigurationError(`SSE_UPSTREAM_URL: ${error.message}`);
	}
}
