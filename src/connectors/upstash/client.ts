import { ConfigurationError } from "../../core/errors.ts";

/**
 * The part of a client of `@upstash/redis` that tells it from other clients. It is described,
 * not imported. What is read of it besides is not in its public types.
 * https://github.com/upstash/redis-js
 */
export interface UpstashRedisClient {
	/** Its JSON commands, which clients of other libraries lack. */
	readonly json: object;
	/** Publishes a message. It is not called. */
	publish(channel: string, message: unknown): Promise<number>;
	/** Begins a pipeline. It is not called. */
	pipeline(): unknown;
}

/** What makes the requests of a client, as far as it is read here. */
export interface HttpClient {
	readonly baseUrl: string;
	/** With its token, its telemetry, and what its owner added. They may change at any time. */
	readonly headers: Readonly<Record<string, unknown>> & { readonly authorization?: unknown };
	readonly options: HttpOptions;
	readonly readYourWrites?: unknown;
	/** Of the client's last answer. With it a request sees what the client wrote before. */
	readonly upstashSyncToken?: unknown;
}

interface HttpOptions {
	readonly agent?: unknown;
	readonly backend?: unknown;
	readonly cache?: unknown;
	readonly keepAlive?: unknown;
	readonly responseEncoding: "base64" | false;
	readonly signal?: AbortSignal | (() => AbortSignal) | undefined;
}

const OPTIONS = "pass upstash({ url, token }) instead";

/** Whether it is a client of some library, or a promise of one. Options have no functions. */
export function isClient(target: object): target is UpstashRedisClient {
	return ["publish", "request", "then"].some(
		(name) => typeof Reflect.get(target, name) === "function",
	);
}

/**
 * What a client of `@upstash/redis` makes its requests with. Nothing is called and nothing is
 * changed.
 *
 * @throws {ConfigurationError} when it is not as expected. The error names the field, and holds
 *   no value.
 */
export function httpClientOf(client: object): HttpClient {
	if (client instanceof Promise) throw unfit("client must not be a promise", "Await it first");
	const http: unknown = Reflect.get(client, "client");
	if (!(isObject(http) && typeof http.baseUrl === "string")) {
		throw unfit(
			"client.baseUrl must be a URL, as in a client of @upstash/redis",
			`For node-redis or ioredis use redis() of "edge-sse/redis"; else ${OPTIONS}`,
		);
	}
	const { baseUrl, headers, options } = http;
	if (baseUrl === "") {
		throw unfit(
			"client.baseUrl is empty: the client was made without a URL",
			"Set UPSTASH_REDIS_REST_URL before Redis.fromEnv(), or on Workers pass Redis.fromEnv(env)",
		);
	}
	// `use()` of a client puts a function of the client's own there.
	if (Object.hasOwn(http, "request")) {
		throw unfit(
			"client.request must be the library's own: use() has put another in its place, which requests of edge-sse would not go through",
			`Pass a client without use(), or ${OPTIONS}`,
		);
	}
	if (!isObject(headers)) throw unfit("client.headers must be an object", `Else ${OPTIONS}`);
	if (!isObject(options)) throw unfit("client.options must be an object", `Else ${OPTIONS}`);
	const { responseEncoding, signal } = options;
	if (responseEncoding !== "base64" && responseEncoding !== false) {
		throw unfit('client.options.responseEncoding must be "base64" or false', `Else ${OPTIONS}`);
	}
	if (signal !== undefined && typeof signal !== "function" && !(signal instanceof AbortSignal)) {
		throw unfit(
			"client.options.signal must be an AbortSignal or a function that returns one",
			`Make the client without it, or ${OPTIONS}`,
		);
	}
	return http as unknown as HttpClient;
}

/** @throws {ConfigurationError} when the client has none, or not where it should be. */
export function tokenOf({ headers }: HttpClient): string {
	const [, token = ""] = /^Bearer (.*)$/is.exec(String(headers.authorization)) ?? [];
	// What a client that was made without one has there.
	if (!["", "undefined", "null"].includes(token.trim())) return token;
	throw unfit(
		"client.headers.authorization must have a token",
		"Set UPSTASH_REDIS_REST_TOKEN before Redis.fromEnv(), or on Workers pass Redis.fromEnv(env)",
	);
}

/** @throws {ConfigurationError} for a value that no header can carry, and does not repeat it. */
export function checkHeader(name: string, value: string): string {
	if (/^[\w-]+$/.test(name) && /^[\t\x20-\x7e]*$/.test(value)) return value;
	const shown = /^[\w-]{1,64}$/.test(name) ? `client.headers[${JSON.stringify(name)}]` : "a header";
	throw unfit(
		`${shown} must be text that a header can carry: letters without accents, and no line break`,
		"Correct it in the client, or leave it out",
	);
}

function unfit(rule: string, way: string): ConfigurationError {
	return new ConfigurationError(`upstash(): ${rule}. ${way}.`);
}

interface Fields extends Record<string, unknown> {
	readonly authorization?: unknown;
	readonly baseUrl?: unknown;
}

function isObject(value: unknown): value is Fields {
	return typeof value === "object" && value !== null;
}
