import type { RedisHistoryOptions } from "../connectors/shared/redis-store.ts";
import { scopeOf } from "../connectors/shared/scope.ts";
import { credentials } from "../connectors/upstash/credentials.ts";
import { Rest } from "../connectors/upstash/rest.ts";
import { UpstashSender } from "../connectors/upstash/sender.ts";
import { UpstashTarget } from "../connectors/upstash/target.ts";
import type { HistoryOptions } from "../core/connector.ts";
import { checkNames } from "../core/known-names.ts";
import { type ChannelNamespace, ObjectPublishing } from "../durable-object/publishing.ts";
import { PublishTarget } from "./target.ts";

/** The options of this entry's `upstash()`. */
export interface UpstashTargetOptions {
	/**
	 * The database's REST URL, `https://….upstash.io`.
	 *
	 * @defaultValue `UPSTASH_REDIS_REST_URL`, else `KV_REST_API_URL`
	 */
	url?: string | undefined;
	/**
	 * Its REST token.
	 *
	 * @defaultValue `UPSTASH_REDIS_REST_TOKEN`, else `KV_REST_API_TOKEN`
	 */
	token?: string | undefined;
	/**
	 * How long one request may take to be answered, in ms.
	 *
	 * @defaultValue `5_000`
	 */
	timeout?: number;
	/**
	 * Keeps messages. Pass the same options as the streaming side.
	 *
	 * @defaultValue none: nothing is kept
	 */
	history?: RedisHistoryOptions | undefined;
}

/**
 * Upstash Redis over its REST API. One publish is one request and one billed command.
 *
 * @example
 * ```ts
 * import { publish, upstash } from "edge-sse/publish";
 *
 * await publish(upstash({ timeout: 2_000 }), "Deployed.");
 * ```
 *
 * @throws {ConfigurationError} when there is no usable pair of a URL and a token.
 * @throws {TypeError} when `timeout` is not a number above 0.
 * @see https://upstash.com/docs/redis/features/restapi
 */
export function upstash(options: UpstashTargetOptions = {}): PublishTarget {
	// Reading a client of @upstash/redis would be a sixth more for every function.
	const way =
		"Write upstash(), which reads what Redis.fromEnv() reads, or upstash({ url, token }).";
	checkNames("upstash(): ", options, ["url token timeout history"], [[way, "client"]]);
	const { timeout = 5_000, history } = options;
	if (!(timeout > 0)) throw new TypeError("timeout must be a number of milliseconds above 0.");
	const { url, token } = credentials(options);
	const scope = scopeOf("upstash", undefined);
	const sender = new UpstashSender(new Rest(url, token), timeout, history);
	return new PublishTarget("upstash target", new UpstashTarget(sender, scope), () => sender.idle());
}

/**
 * The objects of an `SseChannel` binding. One publish is one request to the channel's object.
 *
 * @example
 * ```ts
 * import { env } from "cloudflare:workers";
 * import { durableObject, publish } from "edge-sse/publish";
 *
 * await publish(durableObject(env.SSE), "Deployed.", { channel: "news" });
 * ```
 *
 * @throws {TypeError} when the binding is missing, or `timeout` is not a number above 0.
 */
export function durableObject(
	namespace: ChannelNamespace,
	options: { timeout?: number; history?: HistoryOptions | undefined } = {},
): PublishTarget {
	checkNames("durableObject(): ", options, ["timeout", "history"]);
	const publishing = new ObjectPublishing(namespace, options);
	return new PublishTarget("durable-object target", publishing, () => publishing.close());
}
