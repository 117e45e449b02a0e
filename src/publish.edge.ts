/**
 * `edge-sse/publish` for hosts at the edge that have no TCP, chosen by the export condition `edge-light`. Their bundlers
 * look at every import, and fail at those of a TCP client, used or not.
 *
 * ```ts
 * import { publish, upstash } from "edge-sse/publish";
 *
 * await publish(upstash(), { text: "Deployed." }, { channel: "news" });
 * ```
 *
 * @module
 */

import type { RedisTarget } from "./connectors/redis/target.ts";
import { ConfigurationError } from "./core/errors.ts";
import type { RedisTargetOptions } from "./publish/redis.ts";
import type { PublishTarget } from "./publish/target.ts";

export * from "./publish/exports.ts";
export type { RedisTargetOptions } from "./publish/redis.ts";

/**
 * Says that there is no TCP here.
 *
 * @throws {ConfigurationError} always.
 */
export function redis(_target: RedisTarget, _options?: RedisTargetOptions): PublishTarget {
	throw new ConfigurationError(
		"redis(): this host has no TCP. Use upstash(), or POST to a hub that is elsewhere.",
	);
}
