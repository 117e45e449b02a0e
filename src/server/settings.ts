import { ConfigurationError } from "../errors.ts";

/** What the hub reads from its environment. */
export interface Settings {
	/** Address to listen on. */
	host: string;
	/** 0: the system chooses. */
	port: number;
	/** Required as a bearer token to publish over HTTP. */
	publishToken: string | undefined;
	/** `ServerSentEventsOptions` of the same names; undefined: the library's default. */
	keepAlive: number | undefined;
	linger: number | undefined;
	maxBufferedBytes: number | undefined;
}

type Environment = Record<string, string | undefined>;

/** @throws {ConfigurationError} that names the variable and its rule. */
export function readSettings(environment: Environment): Settings {
	return {
		host: environment.HOST || "127.0.0.1",
		port: whole(environment, "PORT", 65_535) ?? 8787,
		publishToken: environment.SSE_PUBLISH_TOKEN || undefined,
		keepAlive: whole(environment, "SSE_KEEP_ALIVE"),
		linger: whole(environment, "SSE_LINGER"),
		maxBufferedBytes: whole(environment, "SSE_MAX_BUFFERED_BYTES"),
	};
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

/** Without the undefined ones, for `exactOptionalPropertyTypes`. */
export function defined<T extends object>(options: T): { [K in keyof T]?: NonNullable<T[K]> } {
	return Object.fromEntries(
		Object.entries(options).filter(([, value]) => value !== undefined),
	) as never;
}
