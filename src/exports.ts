/** The public names, one by one; every build of the main entry has these, and its own `sse`. */

export type {
	ChannelHistoryOptions,
	Connector,
	History,
	HistoryOptions,
	HistoryPage,
	KeptMessage,
	OutgoingMessage,
	PresenceBasis,
	PublishOutcome,
	PublishResult,
	Resume,
	SendOptions,
	Subscription,
	SubscriptionHandlers,
} from "./core/connector.ts";
export type { DisconnectOptions, DisconnectResult } from "./core/control/disconnect.ts";
export type {
	ClientEncoder,
	Compression,
	FeedEncoder,
	SharedChunk,
} from "./core/delivery/compression.ts";
export type { EndReason } from "./core/delivery/connection.ts";
export type { MessagesOptions } from "./core/delivery/message-iterator.ts";
export type { MessageFilter } from "./core/delivery/selection.ts";
export type { ConnectorErrorCode, ErrorHandler, ErrorStage, SseErrorCode } from "./core/errors.ts";
export { ConfigurationError, ConnectorError, SseError } from "./core/errors.ts";
export type { HistoryQuery } from "./core/history/lookup.ts";
export type { Limits, PerClientLimits } from "./core/limits.ts";
export type { MessageJSON, MessageOptions } from "./core/message/message.ts";
export { Message } from "./core/message/message.ts";
export type { EventMap, Issue, MessageOf, Schema, SchemaMap } from "./core/message/schema.ts";
export { ValidationError } from "./core/message/schema.ts";
export type {
	ChannelOptions,
	ServerSentEventsOptions,
	StreamInfo,
} from "./core/options.ts";
export type { PublishChannel, Published, PublishMessage, PublishOptions } from "./core/publish.ts";
export type { HistoryResult } from "./core/reading.ts";
export type { Authorize, Grant } from "./core/request/authorize.ts";
export type { CorsOptions } from "./core/request/cors.ts";
export type {
	RunAppend,
	RunAppended,
	RunClaim,
	RunEndState,
	RunFinish,
	RunFinished,
	RunRecord,
	RunRefusal,
	RunState,
	RunStore,
} from "./core/run-store.ts";
export { ServerSentEvents } from "./core/sse.ts";
export type { Stats } from "./core/stats.ts";
export type { FirstEvents, StreamOptions } from "./core/stream-options.ts";
