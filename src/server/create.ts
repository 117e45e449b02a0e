import { memory } from "../connectors/memory.ts";
import { redis } from "../connectors/redis.ts";
import { ServerSentEvents } from "../core/sse.ts";
import { connectorFromEnvironment, historyFromEnvironment } from "../environment.ts";
import { createApp } from "./app.ts";
import { readAuth } from "./auth.ts";
import { connectionLog, logError } from "./log.ts";
import { createMetrics } from "./metrics.ts";
import { readSettings, type Settings } from "./settings.ts";

/** Of the time to drain, each client's share at most, in ms. */
const drainPerClient = 10;

export interface ServerHub {
	fetch: (request: Request, host?: unknown) => Response | Promise<Response>;
	settings: Settings;
	/** The line that the server prints once it accepts connections. */
	announce(port: number): string;
	/** Ends all streams, spread over `SSE_DRAIN`; meanwhile `/healthz` says that no more are taken. */
	close(): Promise<void>;
}

/**
 * The hub of a server that is one process: its settings and its broker from the environment, the
 * embedded one where none is named.
 *
 * @throws {ConfigurationError} that names the variable.
 */
export function createHub(environment: Record<string, string | undefined>): ServerHub {
	const settings = readSettings(environment);
	const { host, drain, options, ...rest } = settings;
	const { authorize, authorizePublish } = readAuth(environment);
	const sse = new ServerSentEvents({
		connector: connectorFromEnvironment(redis) ?? memory({ history: historyFromEnvironment() }),
		...options,
		authorize,
		...(settings.logsConnections ? connectionLog : {}),
		onError: logError,
	});
	const { name } = sse.connector;
	const app = createApp({
		...{ sse, ...rest, authorizePublish },
		listensOn: host,
		metrics: createMetrics(sse),
	});
	return {
		fetch: app.fetch,
		settings,
		announce: (port) =>
			`edge-sse: listening on http://${host.includes(":") ? `[${host}]` : host}:${port} (broker: ${name})`,
		// A few clients need no window to spread over.
		close: () => sse.close({ drain: Math.min(drain, sse.stats().connections * drainPerClient) }),
	};
}
