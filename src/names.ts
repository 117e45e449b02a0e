/** The public names, one by one; every build of the main entry has these, and its own `sse`. */

export type { Authorize, Grant } from "./authorize.ts";
export type { EndReason } from "./connection.ts";
export type {
	Connector,
	History,
	HistoryOptions,
	HistoryPage,
	KeptMessage,
	PublishResult,
	Resume,
	Subscription,
	SubscriptionHandlers,
} from "./connector.ts";
export type { CorsOptions } from "./cors.ts";
export type { ErrorHandler, ErrorStage, SseErrorCode } from "./errors.ts";
export { ConfigurationError, ConnectorError, SseError } from "./errors.ts";
export type { EventMap, Issue, MessageOf, Schema, SchemaMap } from "./events.ts";
export { ValidationError } from "./events.ts";
export type { MessageJSON, MessageOptions } from "./message.ts";
export { Message } from "./message.ts";
export type { MessagesOptions } from "./messages.ts";
export type { Client, PublishOptions, ServerSentEventsOptions, StreamOptions } from "./options.ts";
export { ServerSentEvents } from "./sse.ts";
export type { Stats } from "./stats.ts";
