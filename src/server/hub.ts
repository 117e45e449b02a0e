import { memory } from "../connectors/memory.ts";
import { redis } from "../connectors/redis.ts";
import { connectorFromEnvironment, historyFromEnvironment } from "../environment.ts";
import { ServerSentEvents } from "../sse.ts";
import { createApp } from "./app.ts";
import { defined, readSettings, type Settings } from "./settings.ts";

export interface ServerHub {
	fetch: (request: Request, host?: unknown) => Response | Promise<Response>;
	settings: Settings;
	/** The line that the server prints once it accepts connections. */
	announce(port: number): string;
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
	const { host, publishToken, port: _, ...options } = settings;
	const sse = new ServerSentEvents({
		connector: connectorFromEnvironment(redis) ?? memory({ history: historyFromEnvironment() }),
		...defined(options),
	});
	const { name } = sse.connector;
	const app = createApp({ sse, publishToken, listensOn: host });
	return {
		fetch: app.fetch,
		settings,
		announce: (port) =>
			`edge-sse: listening on http://${host.includes(":") ? `[${host}]` : host}:${port} (broker: ${name})`,
		close: () => sse.close(),
	};
}
