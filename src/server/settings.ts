import { ConfigurationError } from "../core/errors.ts";
import type { ServerSentEventsOptions } from "../core/options.ts";
import type { CorsOptions } from "../core/request/cors.ts";

/** What the hub reads from its environment. */
export interface Settings {
	/** Address to listen on. */
	host: string;
	/** 0: the system chooses. */
	port: number;
	/** Required as a bearer token to publish over HTTP. */
	publishToken: string | undefined;
	/** Required as a bearer token to read `/metrics`. */
	metricsToken: string | undefined;
	/** Over how many ms streams are ended when the process is told to stop. */
	drain: number;
	/** Which other origins' pages may use the hub. */
	cors: CorsOptions | undefined;
	/** Whether clients that come and go are logged, and not errors alone. */
	logsConnections: boolean;
	/** Options of the library; undefined: its own default. */
	options: Omit<ServerSentEventsOptions, "connector">;
}

type Environment = Record<string, string | undefined>;

/** @throws {ConfigurationError} that names the variable and its rule. */
export function readSettings(environment: Environment): Settings {
	return {
		host: environment.HOST || "127.0.0.1",
		port: whole(environment, "PORT", 65_535) ?? 8787,
		publishToken: environment.SSE_PUBLISH_TOKEN || undefined,
		metricsToken: environment.SSE_METRICS_TOKEN || undefined,
		drain: whole(environment, "SSE_DRAIN") ?? 5_000,
		cors: corsFrom(environment),
		logsConnections: flag(environment, "SSE_LOG_CONNECTIONS") ?? false,
		options: {
			keepAlive: whole(environment, "SSE_KEEP_ALIVE"),
			ping: flag(environment, "SSE_PING"),
			linger: whole(environment, "SSE_LINGER"),
			limits: {
				connections: whole(environment, "SSE_MAX_CONNECTIONS"),
				bufferedBytes: whole(environment, "SSE_MAX_BUFFERED_BYTES"),
				messageBytes: whole(environment, "SSE_MAX_MESSAGE_BYTES"),
			},
			maxDuration: whole(environment, "SSE_MAX_DURATION"),
			channels: {
				allowed: list(environment.SSE_CHANNELS),
				prefix: environment.SSE_CHANNEL_PREFIX,
			},
		},
	};
}

function corsFrom(environment: Environment): CorsOptions | undefined {
	const origins = list(environment.SSE_CORS_ORIGIN);
	const credentials = flag(environment, "SSE_CORS_CREDENTIALS") ?? false;
	if (origins === undefined) return undefined;
	if (credentials && origins.includes("*")) {
		throw new ConfigurationError(
			"SSE_CORS_ORIGIN must name the origins where SSE_CORS_CREDENTIALS is set: `*` would be all of them.",
		);
	}
	return { origin: origins.includes("*") ? "*" : origins, credentials };
}

/** Names with commas in between. */
function list(text: string | undefined): string[] | undefined {
	const names = text?.split(",").flatMap((name) => name.trim() || []) ?? [];
	return names.length === 0 ? undefined : names;
}

function flag(environment: Environment, name: string): boolean | undefined {
	const text = environment[name];
	if (text === undefined || text === "") return undefined;
	if (/^(true|1)$/i.test(text)) return true;
	if (/^(false|0)$/i.test(text)) return false;
	throw new ConfigurationError(`${name} must be true or false.`);
}

function whole(environment: Environment, name: string, most = Number.MAX_SAFE_INTEGER) {
	const text = environment[name];
	if (text === undefined || text === "") return undefined;
	const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
	if (value <= most) return value;
	throw new ConfigurationError(`${name} must be a whole number from 0 to ${most}.`);
}

/** Whether an address can only be reached from this machine. */
export function isLoopback(host: string): boolean {
	return /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i.test(host);
}
