/**
 * Upstash Redis over its REST API, for hosts with and without TCP.
 *
 * ```ts
 * import { ServerSentEvents } from "edge-sse";
 * import { upstash } from "edge-sse/upstash";
 *
 * const connector = upstash({ url: "https://eu1.upstash.io", token: "…" });
 * const sse = new ServerSentEvents({ connector });
 * await sse.publish("Hello!", { channel: "news" });
 * ```
 *
 * @module
 */

import type { Connector } from "../core/connector.ts";
import { type Advice, checkNames } from "../core/known-names.ts";
import { isClient, type UpstashRedisClient } from "./upstash/client.ts";
import { ClientRest } from "./upstash/client-rest.ts";
import { UpstashConnector } from "./upstash/connector.ts";
import { credentials } from "./upstash/credentials.ts";
import type { UpstashOptions, UpstashSettings } from "./upstash/options.ts";
import { Rest } from "./upstash/rest.ts";

export type { RedisHistoryOptions } from "./shared/redis-store.ts";
export type { UpstashRedisClient } from "./upstash/client.ts";
export type { UpstashFallback } from "./upstash/fallback.ts";
export type { UpstashOptions, UpstashSettings } from "./upstash/options.ts";
export { type PollingOptions, polling } from "./upstash/polling.ts";

const settings = "timeout maxSilence maxBackoff scope history fallback presence";

/** Options of the constructor of @upstash/redis. */
const advice: Advice = [
	["Did you mean url?", "restUrl endpoint host"],
	["Did you mean token?", "restToken password"],
	["Write timeout, in ms.", "signal"],
	["Write history: { maxLength, maxAge }.", "maxLength maxAge"],
	["Write fallback: polling(options).", "polling poll interval"],
	["Pass the client itself: upstash(client, options).", "client redis opts"],
	[
		"Leave it out, or pass a client that was made with it: upstash(new Redis({ … })). Every request is sent once.",
		"retry automaticDeserialization responseEncoding cache keepAlive agent enableTelemetry enableAutoPipelining readYourWrites latencyLogging",
	],
];

/** A client knows where its database is. */
const besideClient: Advice[number] = [
	"Leave it out: the client has it. Or leave out the client.",
	"url token",
];

/**
 * Upstash Redis over its REST API, for hosts with and without TCP.
 *
 * A publish is one command. A subscription is one request that stays open: one command when it
 * opens, and none for its messages. On Cloudflare Workers each request subscribes for itself.
 *
 * Bun allows 256 open requests, unless BUN_CONFIG_MAX_HTTP_REQUESTS says more. Each channel is
 * one: with the 257th, neither a subscription nor a publish gets through.
 *
 * The API is made of lines, so each line break in a payload becomes a space. In JSON, line
 * breaks stand between values, where a space means the same.
 *
 * @example
 * ```ts
 * import { ServerSentEvents } from "edge-sse";
 * import { upstash } from "edge-sse/upstash";
 *
 * const sse = new ServerSentEvents({ connector: upstash() }); // URL and token from the environment
 * ```
 *
 * @throws {ConfigurationError} when there is no usable pair of a URL and a token.
 * @throws {TypeError} when a time is not a number above 0.
 * @see https://upstash.com/docs/redis/features/restapi
 */
export function upstash(options?: UpstashOptions): Connector;
/**
 * Connects to the database of a client of `@upstash/redis`. Requests use the client's URL,
 * headers, telemetry, agent and encoding. Each is sent once. They do not go through the client,
 * which is never changed.
 *
 * @example
 * ```ts
 * import { Redis } from "@upstash/redis";
 * import { upstash } from "edge-sse/upstash";
 *
 * upstash(Redis.fromEnv(), { history: {} });
 * ```
 *
 * @throws {ConfigurationError} when it is no client of `@upstash/redis`, or one without a URL or
 *   a token, or with `use()`.
 * @throws {TypeError} when a time is not a number above 0.
 */
export function upstash(client: UpstashRedisClient, options?: UpstashSettings): Connector;
export function upstash(
	target: UpstashOptions | UpstashRedisClient = {},
	options: UpstashSettings = {},
): Connector {
	if (typeof target !== "object" || target === null) {
		throw new TypeError("upstash(): must be given { url, token }, or a client of @upstash/redis.");
	}
	if (isClient(target)) {
		checkNames("upstash(client): ", options, [settings], [besideClient, ...advice]);
		return new UpstashConnector(new ClientRest(target), options);
	}
	checkNames("upstash(): ", target, [`url token ${settings}`], advice);
	const { url, token } = credentials(target);
	return new UpstashConnector(new Rest(url, token), target);
}
