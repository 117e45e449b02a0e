/** The names of `edge-sse/publish` that every host has. */

export type { RedisTarget } from "../connectors/redis/target.ts";
export type { RedisHistoryOptions } from "../connectors/shared/redis-store.ts";
export type {
	ChannelHistoryOptions,
	HistoryOptions,
	PublishOutcome,
	PublishResult,
} from "../core/connector.ts";
export { ConfigurationError, ConnectorError, SseError } from "../core/errors.ts";
export type {
	PublishChannel,
	Published,
	PublishMessage,
	PublishOptions,
} from "../core/publish.ts";
export type { ChannelNamespace } from "../durable-object/publishing.ts";
export { publish, publishAll } from "./publish.ts";
export { PublishTarget } from "./target.ts";
export { durableObject, type UpstashTargetOptions, upstash } from "./targets.ts";
