import type { ConnectorError, SseError } from "./errors.ts";

/**
 * What a publish came to.
 */
export interface PublishResult {
	/**
	 * How many subscriptions the broker handed the message to, as Redis' PUBLISH counts: processes,
	 * not viewers. 0 where the broker does not tell.
	 */
	receivers: number;
	/** The id that the broker's history gave the message; absent without history. */
	id?: string;
}

/** How a message is sent, besides what it says. Both need a connector that keeps messages. */
export interface SendOptions {
	/** `false`: for those who listen now only. It gets no id and is not stored. Default: true. */
	keep?: boolean | undefined;
	/** Names the message within its channel, so that sending it again does no harm; see H8. */
	key?: string | undefined;
}

/** One message on its way to a channel. */
export interface OutgoingMessage extends SendOptions {
	channel: string;
	payload: string;
}

/** What became of one of several messages: as `publish` resolves, or the error that it would reject with. */
export type PublishOutcome =
	| (PublishResult & { error?: undefined })
	| { error: SseError; receivers?: undefined; id?: undefined };

/** What a connector tells the owner of a subscription. None of these may be called after
 * `unsubscribe()` was called, or once `onEnd` was. */
export interface SubscriptionHandlers {
	/** One payload, exactly as it was published. */
	onMessage(payload: string): void;
	/** The subscription was live and is not any more; the connector is already trying again. */
	onLost(error: ConnectorError): void;
	/** It is live again. What was published in between may be missing. */
	onRestored(): void;
	/** It is over and cannot heal (a refusal, or `close()`). */
	onEnd(error: ConnectorError): void;
}

export interface Subscription {
	/** Ends the subscription. Idempotent; see the contract. */
	unsubscribe(): Promise<void>;
}

/** An entry of the history: as a rule a message. */
export interface KeptMessage {
	/** `<milliseconds>-<sequence>`; of two messages of a channel the later has the greater. */
	id: string;
	/** As its subscribers received it; undefined: what is stored here is no message of ours. */
	payload: string | undefined;
}

export interface HistoryPage {
	/**
	 * Whether everything that came after the position is still there: false when its message was trimmed, was
	 * never here, or the store was wiped.
	 */
	covered: boolean;
	/** Oldest first. */
	messages: readonly KeptMessage[];
	/** There is more after the last of these. */
	more: boolean;
	/** Of a page from the beginning: the empty positions that are covered, both ends included; undefined: none. */
	empty?: { readonly from: string; readonly to: string } | undefined;
}

/**
 * What a connector that keeps messages can do besides. With it,
 *
 * - H1. `publish` MUST store and publish in one atomic step, resolve to the `id`, and put it into the payload that
 *   subscribers receive: `{"id":"<id>",` in place of its opening brace.
 * - H2. Ids MUST be in the order in which subscribers receive the messages, whoever publishes.
 * - H3. `read` MUST return what is kept after a position, oldest first, at most `limit`; `0-0` is before everything,
 *   and is always covered. An empty position (H5) is before everything, too.
 * - H4. `read` MUST say `covered: false` for a position that it does not keep (trimmed, unknown, wiped). An empty
 *   position is covered as long as everything is kept that was published since. From `0-0` or an empty position
 *   `read` MUST say in `empty` which these are.
 * - H5. `head` MUST return the position of the newest message. With `back` it MUST return the position before the
 *   newest so many messages; `0-0` when no more are kept. Of a channel that keeps nothing it MUST return an empty
 *   position, `~<milliseconds>-<sequence>`: when this was seen, by the broker's clock. It MUST NOT store anything:
 *   any reader may name any channel.
 * - H6. What is kept MUST be bounded, per channel, in messages and in time.
 * - H7. `read` and `head` MUST reject with a `ConnectorError` within the timeout when the broker is away.
 * - H8. A publish with a `key` that a publish to the same channel had within 5 minutes MUST store and deliver nothing,
 *   and MUST resolve to the id of the first, with 0 receivers. How many keys are remembered MUST be bounded, and be
 *   1,000 of a channel at least.
 * - H9. A publish with `keep: false` MUST be delivered as it is, in its turn, without an id, and MUST NOT be stored.
 * - H10. `forget`, where there is one, MUST empty the channel's history, so that `read` says `covered: false` for every
 *   position of before, but `0-0`.
 */
export interface History {
	read(channel: string, after: string, limit: number): Promise<HistoryPage>;
	/** @param back default 0. */
	head(channel: string, back?: number): Promise<string>;
	/** Optional: deletes what is kept of a channel. */
	forget?(channel: string): Promise<void>;
}

/** Where a stream is to begin and to end. */
export interface Resume {
	/** What the client came back with: with history, the stream goes on from there. */
	lastEventId: string | undefined;
	/** Without it: how many of each channel's newest messages come first. */
	recent: number;
	/** When it is to end, in ms since 1970; `Infinity`: never. */
	expires: number;
	/** Whether the client asks for control events: see `asksForControl`. Default: false. */
	control?: boolean | undefined;
	/** What the channels' names begin with at the broker, and not for the client. Default: nothing. */
	prefix?: string | undefined;
}

/** How much a connector keeps of each channel. */
export interface HistoryOptions {
	/** Messages. Default 1,000. */
	maxLength?: number;
	/** How long, in ms. Default 86,400,000: a day. */
	maxAge?: number;
	/**
	 * Other limits for some channels. The first rule that a channel's name fits counts; what it leaves out is as
	 * for all others. Default: none.
	 *
	 * ```ts
	 * redis(url, { history: { maxLength: 100, channels: [{ match: "run.*", maxLength: 5_000, maxAge: 3_600_000 }] } });
	 * ```
	 */
	channels?: readonly ChannelHistoryOptions[] | undefined;
}

/** How much is kept of the channels whose names fit. */
export interface ChannelHistoryOptions {
	/** A channel's name at the broker, `channelPrefix` included; a `*` at the end stands for any rest. */
	match: string;
	/** Messages. */
	maxLength?: number;
	/** How long, in ms. */
	maxAge?: number;
}

/**
 * The way to a broker. Payloads are opaque strings to it: how a message looks is decided above.
 *
 * The contract, which `connectorContract` of `edge-sse/testing` holds every connector to, by tests for each line:
 *
 * Construction
 * - C1. MUST NOT open a connection, start a timer or load a client library before the first
 *   `publish` or `subscribe`.
 *
 * `publish(channel, payload)`
 * - P1. MUST hand the payload, unchanged, to every live subscription of that channel, and of no other.
 * - P2. MUST resolve to the number of receivers, as the broker counts them.
 * - P3. MUST keep order: of two publishes to a channel over this connector every subscription sees the one first that
 *   was called first, awaited or not. Where `scope` is `request`, so it is within a request.
 * - P4. MUST reject with a `ConnectorError` within its timeout when the broker is away, and MUST NOT
 *   deliver afterwards what it could still withdraw.
 *
 * - P5. A publish that fails MUST reject by itself: those that were called after it go on, in order.
 *
 * `publishAll(messages)`, where there is one
 * - B1. MUST do with each message as `publish` does, in the order of the list within a channel and in its turn among
 *   the calls of `publish`.
 * - B2. MUST resolve to one outcome for each message, in the order of the list, also when the broker fails in part; a
 *   broker that is away is an outcome, and no rejection.
 * - B3. MUST NOT let a channel that fails keep another from its messages.
 *
 * `subscribe(channel, handlers)`
 * - S1. MUST resolve only when the subscription is live: whatever is published after that arrives.
 * - S2. MUST reject with a `ConnectorError` within its timeout when that cannot be had, leaving
 *   nothing behind.
 * - S3. Two subscriptions of one channel MUST each receive everything, and end independently.
 * - S4. MUST NOT let an exception from one handler reach another subscription, the publisher or the
 *   broker's client; it goes to `console.error`, for a handler that throws is a bug of its owner.
 * - S5. When the broker is lost, MUST call `onLost` once, reconnect by itself with jittered backoff,
 *   and call `onRestored` once the subscription is live again; it MAY call neither if no broker
 *   can be lost.
 * - S6. The channel name is data: any string of 1 to 512 characters MUST reach that channel and no other.
 *
 * `unsubscribe()`
 * - U1. MUST be idempotent, and MUST NOT reject because the broker is away.
 * - U2. MUST NOT call a handler once it was called; the broker MUST hear of the leave, so that
 *   nothing is held there for nobody.
 * - U3. A `subscribe` to the same channel that begins before an `unsubscribe` has resolved MUST work.
 *
 * `check()`, where there is one
 * - K1. MUST resolve when the broker answers, and reject with a `ConnectorError` within the timeout when not.
 *
 * `close()`
 * - X1. MUST end every subscription with `onEnd` (code `closed`) and free every connection and timer.
 * - X2. MUST be idempotent; a `publish` or `subscribe` after it MUST reject with code `closed`.
 * - X3. MUST NOT close a client that the caller handed in.
 *
 * Everywhere
 * - E1. MUST NOT parse or alter a payload, and MUST NOT put credentials into a name or an error.
 * - E2. MUST NOT leave a promise floating or an error unreported.
 */
export interface Connector {
	/** For people: logs, errors, the health page. Never a URL, which may carry a password. */
	readonly name: string;
	/**
	 * Whose the I/O is. `process`: one subscription may feed every request of this process.
	 * `request`: on hosts where I/O belongs to the request that opened it (Cloudflare Workers), so
	 * that each request subscribes for itself.
	 */
	readonly scope: "process" | "request";
	/** There when messages are kept. */
	readonly history?: History | undefined;
	publish(channel: string, payload: string, options?: SendOptions): Promise<PublishResult>;
	/** Optional: publishes several messages in few requests. Without it each is published by itself. */
	publishAll?(messages: readonly OutgoingMessage[]): Promise<PublishOutcome[]>;
	subscribe(channel: string, handlers: SubscriptionHandlers): Promise<Subscription>;
	/**
	 * Optional: the broker makes event streams itself, and this is one of these channels' frames. Where it is
	 * there, streams are not subscribed for but handed on.
	 */
	stream?(channels: readonly string[], resume: Resume): Promise<ReadableStream<Uint8Array>>;
	/** Optional, where there is a broker that can be away: asks it for a sign of life. */
	check?(): Promise<void>;
	close(): Promise<void>;
}
