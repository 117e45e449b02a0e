import type { Disconnect } from "./control/disconnect.ts";
import type { StreamBudget } from "./delivery/budget.ts";
import type { SseError } from "./errors.ts";
import type { History } from "./history-contract.ts";
import type { PresenceBasis } from "./presence-contract.ts";
import type { RunStore } from "./run-store.ts";
import type { Subscription, SubscriptionHandlers } from "./subscription-contract.ts";

export type {
	ChannelHistoryOptions,
	History,
	HistoryOptions,
	HistoryPage,
	KeptMessage,
} from "./history-contract.ts";

export type { PresenceBasis } from "./presence-contract.ts";
export type { Subscription, SubscriptionHandlers } from "./subscription-contract.ts";

/** The result of a publish. */
export interface PublishResult {
	/**
	 * How many subscriptions the broker handed the message to, as Redis' PUBLISH counts them:
	 * processes, not viewers. 0 where the broker does not say.
	 * https://redis.io/docs/latest/commands/publish/
	 */
	receivers: number;
	/** The id that the history gave the message. Absent without history. */
	id?: string;
}

/** How a message is sent. Both options need a connector that keeps messages. */
export interface SendOptions {
	/**
	 * `false`: only current listeners get the message. It has no id and is not stored.
	 *
	 * @defaultValue `true`
	 */
	keep?: boolean | undefined;
	/**
	 * Names the message within its channel, so that it can be sent again without harm; see H8 of
	 * `History`.
	 *
	 * @defaultValue none
	 */
	key?: string | undefined;
}

/** A message for the connector to publish. */
export interface OutgoingMessage extends SendOptions {
	/** The channel's name at the broker. */
	channel: string;
	/** The message as text. A connector does not read it. */
	payload: string;
}

/**
 * The outcome of one of several messages: what `publish` resolves to, or the error that it
 * rejects with.
 */
export type PublishOutcome =
	| (PublishResult & { error?: undefined })
	| { error: SseError; receivers?: undefined; id?: undefined };

/** Where a stream begins and ends. */
export interface Resume {
	/** The client's `Last-Event-ID`. With history, the stream continues from there. */
	lastEventId: string | undefined;
	/** For a client without one: how many of each channel's newest messages are sent first. */
	recent: number;
	/** When the stream ends, in ms since 1970. `Infinity`: never. */
	expires: number;
	/**
	 * Whether the client asks for control events: `?sse.control=events`.
	 *
	 * @defaultValue `false`
	 */
	control?: boolean | undefined;
	/**
	 * Whether each event's data is `{"channel": …, "data": …}`.
	 *
	 * @defaultValue `false`
	 */
	envelope?: boolean | undefined;
	/**
	 * Whether the cursor of a single channel names it: `?sse.cursor=named`. A client may come back
	 * with more channels.
	 *
	 * @defaultValue `false`
	 */
	named?: boolean | undefined;
	/**
	 * The only types of events that the client gets; `message` stands for events without one.
	 *
	 * @defaultValue every type
	 */
	types?: readonly string[] | undefined;
	/**
	 * A prefix of the channels' names at the broker, which the client does not see.
	 *
	 * @defaultValue none
	 */
	prefix?: string | undefined;
}

/**
 * A connection to a broker. Payloads are opaque strings to it: the core decides what a message
 * looks like.
 *
 * `connectorContract` of `edge-sse/testing` tests each line of this contract:
 *
 * Construction
 * - C1. MUST NOT open a connection, start a timer or load a client library before the first
 *   `publish` or `subscribe`.
 *
 * `publish(channel, payload)`
 * - P1. MUST hand the payload, unchanged, to every live subscription of that channel, and of no
 *   other.
 * - P2. MUST resolve to the number of receivers, as the broker counts them.
 * - P3. MUST keep the order of the calls, awaited or not: every subscription of a channel sees
 *   the payloads in that order. Where `scope` is `request`, this holds within a request.
 * - P4. MUST reject with a `ConnectorError` within its timeout when the broker is away, and
 *   MUST NOT deliver later what it could still withdraw.
 * - P5. A publish that fails MUST reject alone: later calls go on, in order.
 *
 * `publishAll(messages)`, which is optional
 * - B1. MUST do with each message as `publish` does. It keeps the order of the list within a
 *   channel, and its place among the calls of `publish`.
 * - B2. MUST resolve to one outcome for each message, in the order of the list, also when the
 *   broker fails in part. A broker that is away is an outcome, not a rejection.
 * - B3. MUST NOT let a channel that fails keep messages from another.
 *
 * `subscribe(channel, handlers)`
 * - S1. MUST resolve only when the subscription is live: every later message arrives.
 * - S2. MUST reject with a `ConnectorError` within its timeout when that fails, leaving nothing
 *   behind.
 * - S3. Two subscriptions of one channel MUST each receive everything, and end independently.
 * - S4. MUST NOT let an exception from one handler reach another subscription, the publisher or
 *   the broker's client. It goes to `console.error`: a handler that throws is a bug of its
 *   owner.
 * - S5. When the broker is lost, MUST call `onLost` once, reconnect by itself with jittered
 *   backoff, and call `onRestored` once the subscription is live again. It MAY call neither if
 *   no broker can be lost.
 * - S6. The channel name is data: any string of 1 to 512 characters MUST reach that channel and
 *   no other.
 *
 * `unsubscribe()`
 * - U1. MUST be idempotent, and MUST NOT reject because the broker is away.
 * - U2. MUST NOT call a handler after it was called. It MUST tell the broker, so that no
 *   subscription stays there unused.
 * - U3. A `subscribe` to the same channel that begins before an `unsubscribe` has resolved MUST
 *   work.
 *
 * `check()`, which is optional
 * - K1. MUST resolve when the broker answers, and otherwise reject with a `ConnectorError`
 *   within the timeout.
 *
 * `close()`
 * - X1. MUST end every subscription with `onEnd` (code `closed`) and free every connection and
 *   timer.
 * - X2. MUST be idempotent. A `publish` or `subscribe` after it MUST reject with code `closed`.
 * - X3. MUST NOT close a client that the caller passed in.
 *
 * Everywhere
 * - E1. MUST NOT parse or alter a payload, and MUST NOT put credentials into a name or an
 *   error.
 * - E2. MUST NOT leave a promise floating or an error unreported.
 */
export interface Connector {
	/** A name for logs, errors and the health page. Never a URL, which may carry a password. */
	readonly name: string;
	/**
	 * Who may share its I/O. `process`: one subscription may feed every request of this process.
	 * `request`: each request subscribes for itself, as on hosts where I/O belongs to the request
	 * that opened it (Cloudflare Workers).
	 */
	readonly scope: "process" | "request";
	/**
	 * What one stream may be sent, unless `limits.perStream` says otherwise. For hosts that limit
	 * the CPU time of the request that holds a stream.
	 */
	readonly perStream?: StreamBudget | undefined;
	/** Present when messages are kept. */
	readonly history?: History | undefined;
	/** Optional: what `edge-sse/presence` keeps its members in. */
	readonly presence?: PresenceBasis<Connector> | undefined;
	/** Optional, and with `history` only: streams with an end. */
	readonly runs?: RunStore | undefined;
	/**
	 * Publishes one payload; see P1 to P5.
	 *
	 * @throws {ConnectorError} (the promise rejects) when the broker is away or refuses.
	 */
	publish(channel: string, payload: string, options?: SendOptions): Promise<PublishResult>;
	/**
	 * Publishes several messages in few requests; see B1 to B3. Optional: without it each is
	 * published by itself.
	 */
	publishAll?(messages: readonly OutgoingMessage[]): Promise<PublishOutcome[]>;
	/**
	 * Subscribes to one channel; see S1 to S6.
	 *
	 * @throws {ConnectorError} (the promise rejects) when the broker is away or refuses.
	 */
	subscribe(channel: string, handlers: SubscriptionHandlers): Promise<Subscription>;
	/**
	 * Makes an event stream of these channels' frames. Optional, for a broker that makes streams
	 * itself: the core then hands streams on instead of subscribing.
	 *
	 * @returns undefined for a stream that the core is to make after all.
	 */
	stream?(
		channels: readonly string[],
		resume: Resume,
	): Promise<ReadableStream<Uint8Array>> | undefined;
	/**
	 * Ends streams. Optional. A broker has it that makes streams itself, or that knows the
	 * subscription of each request. Without it, a control channel tells all processes.
	 *
	 * @throws {ConnectorError} (the promise rejects) when the broker is away or refuses.
	 */
	disconnect?(disconnect: Disconnect): Promise<PublishResult>;
	/**
	 * Asks the broker whether it answers; see K1. Optional.
	 *
	 * @throws {ConnectorError} (the promise rejects) when it does not.
	 */
	check?(): Promise<void>;
	/** Ends all subscriptions and frees everything; see X1 to X3. */
	close(): Promise<void>;
}
