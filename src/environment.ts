import { UpstashConnector } from "./connectors/upstash/connector.ts";
import { Rest } from "./connectors/upstash/rest.ts";
import type { Connector, HistoryOptions } from "./core/connector.ts";
import { ConfigurationError } from "./core/errors.ts";

type Variables = Record<string, unknown>;

interface BrokerOptions {
	history?: HistoryOptions | undefined;
	timeout?: number;
}

/** Makes a connector from a `redis:` URL. Builds differ in it. */
export type RedisFactory = (url: string, options: BrokerOptions) => Connector;

/**
 * The connector that the environment names: `SSE_REDIS_URL`, then `REDIS_URL`, as in flask-sse,
 * then Upstash's pair of variables, then Vercel's names for them. A URL's scheme picks the
 * connector.
 *
 * @param host what the runtime passed to the fetch handler. On Workers these are the bindings:
 *   variables are there even without `process.env`.
 * @returns undefined when none is set.
 * @throws {ConfigurationError} when a variable is set and unusable. The error holds no value: a
 *   URL may carry a password.
 */
export function connectorFromEnvironment(
	redis: RedisFactory,
	host?: unknown,
): Connector | undefined {
	const read = reader(host);
	const options = { history: historyFromEnvironment(host), ...timeoutFrom(read) };
	const token = read("UPSTASH_REDIS_REST_TOKEN") ?? read("KV_REST_API_TOKEN");
	for (const name of ["SSE_REDIS_URL", "REDIS_URL"]) {
		const url = read(name);
		if (url === undefined) continue;
		if (/^rediss?:/i.test(url)) return named(name, () => redis(url, options));
		if (!/^https:/i.test(url)) {
			throw new ConfigurationError(`${name} must be a redis:, rediss: or https: URL.`);
		}
		if (token !== undefined) return named(name, () => upstash(url, token, options));
		throw new ConfigurationError(
			`${name} is an https: URL, and Upstash needs a token with it: set UPSTASH_REDIS_REST_TOKEN.`,
		);
	}
	for (const prefix of ["UPSTASH_REDIS_REST", "KV_REST_API"]) {
		const [url, token] = [read(`${prefix}_URL`), read(`${prefix}_TOKEN`)];
		if (url !== undefined && token !== undefined) {
			return named(`${prefix}_URL`, () => upstash(url, token, options));
		}
		if (url === undefined && token === undefined) continue;
		const [set, missing] = url === undefined ? ["TOKEN", "URL"] : ["URL", "TOKEN"];
		throw new ConfigurationError(`${prefix}_${set} is set, but not ${prefix}_${missing}.`);
	}
	return undefined;
}

/** Without what reads a client of @upstash/redis: none is here. */
function upstash(url: string, token: string, options: BrokerOptions): Connector {
	return new UpstashConnector(new Rest(url, token), options);
}

/** How long the broker may take, in ms. */
function timeoutFrom(read: (name: string) => string | undefined): { timeout?: number } {
	const text = read("SSE_BROKER_TIMEOUT");
	if (text === undefined) return {};
	if (/^[1-9]\d{0,8}$/.test(text)) return { timeout: Number(text) };
	throw new ConfigurationError(
		"SSE_BROKER_TIMEOUT must be a whole number of ms, from 1 to 999999999.",
	);
}

/** Adds the variable's name to what a connector says of its argument. */
function named(name: string, make: () => Connector): Connector {
	try {
		return make();
	} catch (error) {
		if (!(error instanceof TypeError || error instanceof ConfigurationError)) throw error;
		throw new ConfigurationError(`${name}: ${error.message}`);
	}
}

/**
 * How much to keep, by `SSE_HISTORY_LENGTH` (messages per channel) and `SSE_HISTORY_SECONDS`.
 *
 * @returns undefined when neither is set, or when they are 0: nothing is kept.
 * @throws {ConfigurationError} that names the variable and its rule.
 */
export function historyFromEnvironment(host?: unknown): HistoryOptions | undefined {
	const read = reader(host);
	const maxLength = whole("SSE_HISTORY_LENGTH", read("SSE_HISTORY_LENGTH"));
	const seconds = whole("SSE_HISTORY_SECONDS", read("SSE_HISTORY_SECONDS"));
	if (!maxLength && !seconds) return undefined;
	if (maxLength === 0 || seconds === 0) {
		throw new ConfigurationError(
			`SSE_HISTORY_${seconds === 0 ? "SECONDS" : "LENGTH"} is 0, which keeps nothing, and the other is not: unset one of them.`,
		);
	}
	return {
		...(maxLength === undefined ? {} : { maxLength }),
		...(seconds === undefined ? {} : { maxAge: seconds * 1_000 }),
	};
}

function whole(name: string, text: string | undefined): number | undefined {
	if (text === undefined) return undefined;
	if (/^\d{1,10}$/.test(text)) return Number(text);
	throw new ConfigurationError(`${name} must be a whole number; 0 keeps nothing.`);
}

/** The error for an environment without a broker. It says what to set. */
export function unconfigured(): ConfigurationError {
	return new ConfigurationError(
		"No broker is configured. Set SSE_REDIS_URL or REDIS_URL to a redis:, rediss: or https: URL, or " +
			"UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN (or KV_REST_API_URL and KV_REST_API_TOKEN), " +
			"or choose one in code: new ServerSentEvents({ connector }).",
	);
}

// Reads each variable by itself: Deno may allow reading only these.
function reader(host: unknown): (name: string) => string | undefined {
	const { process } = globalThis as { process?: { env?: Variables } };
	const bindings = typeof host === "object" && host !== null ? (host as Variables) : {};
	return (name) => {
		const value = process?.env?.[name] ?? bindings[name];
		return typeof value === "string" && value !== "" ? value : undefined;
	};
}
