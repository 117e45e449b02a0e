/** The public names, one by one; every build of the main entry has these, and its own `sse`. */
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
export type { ErrorHandler, ErrorStage, SseErrorCode } from "./errors.ts";
export { ConfigurationError, ConnectorError, SseError } from "./errors.ts";
export type { MessageJSON, MessageOptions } from "./message.ts";
export { Message } from "./message.ts";
export type { MessagesOptions } from "./messages.ts";
export type { PublishOptions, ServerSentEventsOptions, StreamOptions } from "./options.ts";
export { ServerSentEvents } from "./sse.ts";
