/** What a connector keeps of its channels, for clients that reconnect. */

/** One entry of the history. As a rule it is a message. */
export interface KeptMessage {
	/** `<milliseconds>-<sequence>`. Of two messages of a channel the later has the greater id. */
	id: string;
	/**
	 * The payload that subscribers received. Undefined when the entry is not one of our messages.
	 */
	payload: string | undefined;
}

/** What `History.read` returns. */
export interface HistoryPage {
	/**
	 * Whether everything after the position is still there. False when its message was trimmed,
	 * was never here, or the store was wiped.
	 */
	covered: boolean;
	/** The messages, oldest first. */
	messages: readonly KeptMessage[];
	/** Whether more follow after the last of these. */
	more: boolean;
	/**
	 * Only for a page from the beginning: the covered empty positions, both ends included.
	 * Undefined: none.
	 */
	empty?: { readonly from: string; readonly to: string } | undefined;
}

/**
 * What a connector with history can do besides. The rules:
 *
 * - H1. `publish` MUST store and publish in one atomic step, resolve to the `id`, and put it
 *   into the payload that subscribers receive: `{"id":"<id>",` in place of its opening brace.
 * - H2. Ids MUST be in the order in which subscribers receive the messages, for every
 *   publisher.
 * - H3. `read` MUST return what is kept after a position, oldest first, at most `limit`
 *   messages. `0-0` is before everything, and is always covered. An empty position (H5) is
 *   before everything, too.
 * - H4. `read` MUST say `covered: false` for a position that it does not keep (trimmed,
 *   unknown, wiped). An empty position is covered while every later message is kept. A page
 *   from `0-0` or from an empty position MUST say in `empty` which empty positions are covered.
 * - H5. `head` MUST return the position of the newest message. With `back` it MUST return the
 *   position before that many of the newest messages, or `0-0` when no more are kept. For a
 *   channel that keeps nothing it MUST return an empty position, `~<milliseconds>-<sequence>`:
 *   the time of this look, by the broker's clock. It MUST NOT store anything: any reader may
 *   name any channel.
 * - H6. The history of each channel MUST be bounded, in messages and in time.
 * - H7. `read` and `head` MUST reject with a `ConnectorError` within the timeout when the
 *   broker is away.
 * - H8. A `key` names one message of its channel for 5 minutes. A second publish with it MUST
 *   store and deliver nothing, and MUST resolve to the id of the first, with 0 receivers. The
 *   number of remembered keys MUST be bounded, and at least 1,000 per channel.
 * - H9. A publish with `keep: false` MUST be delivered unchanged, in order, without an id, and
 *   MUST NOT be stored.
 * - H10. `forget` is optional. It MUST empty the channel's history: afterwards `read` says
 *   `covered: false` for every earlier position except `0-0`.
 */
export interface History {
	/**
	 * Reads what is kept after a position, oldest first; see H3 and H4.
	 *
	 * @param after a position: `<milliseconds>-<sequence>`, or an empty one.
	 * @param limit the most messages to return.
	 * @throws {ConnectorError} (the promise rejects) when the broker is away.
	 */
	read(channel: string, after: string, limit: number): Promise<HistoryPage>;
	/**
	 * The position of the newest message, or one before it; see H5.
	 *
	 * @param back how many messages to go back; 0 by default.
	 * @throws {ConnectorError} (the promise rejects) when the broker is away.
	 */
	head(channel: string, back?: number): Promise<string>;
	/** Deletes everything that is kept of a channel. Optional; see H10. */
	forget?(channel: string): Promise<void>;
}

/** How much a connector keeps of each channel. */
export interface HistoryOptions {
	/**
	 * How many messages are kept per channel.
	 *
	 * @defaultValue `1_000`
	 */
	maxLength?: number;
	/**
	 * How long a message is kept, in ms.
	 *
	 * @defaultValue `86_400_000`: a day
	 */
	maxAge?: number;
	/**
	 * Other limits for some channels. The first rule that matches a channel's name applies. What
	 * the rule leaves out is the same as for all others.
	 *
	 * @example
	 * ```ts
	 * redis(url, { history: { maxLength: 100, channels: [{ match: "run.*", maxLength: 5_000 }] } });
	 * ```
	 *
	 * @defaultValue none
	 */
	channels?: readonly ChannelHistoryOptions[] | undefined;
}

/** How much is kept of the channels that match. */
export interface ChannelHistoryOptions {
	/**
	 * A channel's name at the broker, `channels.prefix` included. A `*` at the end matches any
	 * rest.
	 */
	match: string;
	/**
	 * How many messages are kept per channel.
	 *
	 * @defaultValue the connector's own `maxLength`
	 */
	maxLength?: number;
	/**
	 * How long a message is kept, in ms.
	 *
	 * @defaultValue the connector's own `maxAge`
	 */
	maxAge?: number;
}
