import { RedisPublishing } from "../connectors/redis/publishing.ts";
import { type RedisTarget, resolve } from "../connectors/redis/target.ts";
import type { RedisHistoryOptions } from "../connectors/shared/redis-store.ts";
import { scopeOf } from "../connectors/shared/scope.ts";
import { checkNames } from "../core/known-names.ts";
import { PublishTarget } from "./target.ts";

/** The options of this entry's `redis()`. */
export interface RedisTargetOptions {
	/**
	 * How long a publish may take, in ms.
	 *
	 * @defaultValue `3_000`
	 */
	timeout?: number;
	/**
	 * Keeps messages. Pass the same options as the streaming side.
	 *
	 * @defaultValue none: nothing is kept
	 */
	history?: RedisHistoryOptions | undefined;
	/**
	 * In a Cluster: sharded pub/sub. Pass the same value as the streaming side.
	 *
	 * @defaultValue `false`
	 */
	sharded?: boolean | undefined;
}

/**
 * Redis over TCP, by a URL, a node-redis or ioredis client, or node-redis' options. The first
 * publish opens its one connection. On Cloudflare Workers each publish has its own.
 *
 * @example
 * ```ts
 * import { publish, redis } from "edge-sse/publish";
 *
 * await publish(redis("redis://localhost:6379"), "Deployed.");
 * ```
 *
 * @throws {TypeError} when the target or an option has the wrong type.
 * @throws {ConfigurationError} when settings contradict each other, or a client is unsupported.
 * @see https://redis.io/docs/latest/commands/publish/
 */
export function redis(target: RedisTarget, options: RedisTargetOptions = {}): PublishTarget {
	checkNames("redis(): ", options, ["timeout", "history", "sharded"]);
	const { timeout = 3_000, history, sharded = false } = options;
	if (!(Number.isInteger(timeout) && timeout > 0)) {
		throw new TypeError("redis(): timeout must be a whole number of milliseconds, at least 1.");
	}
	const route = resolve(target, sharded);
	const publishing = new RedisPublishing(route, timeout, scopeOf("redis", undefined), history);
	return new PublishTarget("redis target", publishing, () => publishing.close());
}
