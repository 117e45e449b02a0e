import { connectorFromEnvironment } from "./environment.ts";
import { ServerSentEvents } from "./sse.ts";

export type { Connector, PublishResult, Subscription, SubscriptionHandlers } from "./connector.ts";
export type { ErrorHandler, ErrorStage, SseErrorCode } from "./errors.ts";
export { ConfigurationError, ConnectorError, SseError } from "./errors.ts";
export type { MessageJSON, MessageOptions } from "./message.ts";
export { Message } from "./message.ts";
export type {
	MessagesOptions,
	PublishOptions,
	ServerSentEventsOptions,
	StreamOptions,
} from "./sse.ts";
export { ServerSentEvents } from "./sse.ts";

/**
 * The ready-made instance, as flask-sse's `sse`. It reads the environment on first use
 * (`SSE_REDIS_URL`, then `REDIS_URL`), never at import.
 */
export const sse: ServerSentEvents = new ServerSentEvents({ connector: connectorFromEnvironment });
