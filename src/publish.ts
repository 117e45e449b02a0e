/**
 * Publishing alone, for functions, cron jobs, actions and scripts that stream nothing. It is
 * the publishing part of a connector: messages are stored and delivered exactly as by a
 * `ServerSentEvents` with the same options.
 *
 * ```ts
 * import { publish, upstash } from "edge-sse/publish";
 *
 * await publish(upstash(), { text: "Deployed." }, { channel: "news" }); // one request, nothing left open
 * ```
 *
 * @module
 */

export * from "./publish/exports.ts";
export { type RedisTargetOptions, redis } from "./publish/redis.ts";
