import { MessageIterator, type MessagesOptions } from "./delivery/message-iterator.ts";
import { formatCursor } from "./history/cursor.ts";
import { checkedQuery, type HistoryQuery, lookUp } from "./history/lookup.ts";
import type { Hubs } from "./hubs.ts";
import { checkNames } from "./known-names.ts";
import { Decoder } from "./message/decoder.ts";
import type { EventMap, MessageOf } from "./message/schema.ts";
import type { CheckedOptions } from "./options.ts";
import { Publishing } from "./publishing.ts";
import { checkChannel, defaultChannel } from "./request/request.ts";

/** What `history()` found. */
export interface HistoryResult<Events extends object = EventMap> {
	/** Oldest first. */
	messages: MessageOf<Events>[];
	/** Where to go on: the id of the last of the messages, or the position that was asked for. */
	lastEventId: string;
	/** Whether messages after `after` are not kept any more. */
	gap: boolean;
}

/** The half of `ServerSentEvents` that reads, for code in this process. */
export abstract class Reading<Events extends object = EventMap> extends Publishing<Events> {
	readonly #options: CheckedOptions;
	readonly #hubs: Hubs;

	constructor(options: CheckedOptions, hubs: Hubs) {
		super(options, () => hubs.connectOpen());
		this.#options = options;
		this.#hubs = hubs;
	}

	/**
	 * A channel's messages from now on, for code in this process. The subscription begins with
	 * the first `next()`, so with the `for await` itself.
	 *
	 * @example
	 * ```ts
	 * for await (const message of sse.messages("orders")) console.log(message.type, message.data);
	 * ```
	 *
	 * @throws {SseError} from `next()`: `slow_consumer` when the reader falls behind by more than
	 *   `limits.bufferedBytes`.
	 * @throws {ConnectorError} from `next()`, when the subscription fails.
	 */
	messages(
		channel: string = defaultChannel,
		options: MessagesOptions = {},
	): AsyncIterableIterator<MessageOf<Events>> {
		checkChannel(channel, this.#options.channels.allowed, "listen");
		checkNames(
			"Cannot listen. ",
			options,
			["signal lastEventId"],
			[["Write lastEventId.", "after"]],
		);
		if (typeof (options.lastEventId ?? "") !== "string") {
			throw new TypeError("Cannot listen. lastEventId: must be a string.");
		}
		// Only the types know what publishers send on this channel.
		return new MessageIterator(this.#hubs.hubFor(undefined), channel, options) as never;
	}

	/**
	 * The position of one channel, or of several, as a client's `Last-Event-ID`. Read it before the state that a page
	 * shows. A stream that begins with it has every change since, and what the state has already is seen once more at
	 * worst.
	 *
	 * @example
	 * ```ts
	 * const lastEventId = await sse.position("cart.7");
	 * const cart = await readCart(7);
	 * const stream = `/stream?channel=cart.7&lastEventId=${lastEventId}`; // for the page's EventSource
	 * ```
	 *
	 * @throws {TypeError} (the promise rejects) when a name breaks a rule, or the connector keeps no messages.
	 * @throws {ConnectorError} when the broker could not be reached, or refused.
	 */
	async position(channels: string | readonly string[] = defaultChannel): Promise<string> {
		const names = [...new Set([channels].flat())].toSorted();
		if (names.length === 0) throw new TypeError("Cannot read. channel: at least one is needed.");
		const history = this.#history(names);
		return formatCursor(names, await Promise.all(names.map((name) => history.head(name))));
	}

	/**
	 * A channel's kept messages, oldest first: the newest ones, or those after or before an id.
	 *
	 * @example
	 * ```ts
	 * const { messages } = await sse.history("room.7", { limit: 20 });
	 * ```
	 *
	 * @throws {TypeError} (the promise rejects) when a field breaks its rule, or the connector keeps no messages.
	 * @throws {ConnectorError} when the broker could not be reached, or refused.
	 */
	async history(
		channel: string = defaultChannel,
		query: HistoryQuery = {},
	): Promise<HistoryResult<Events>> {
		const history = this.#history([channel]);
		const decoder = new Decoder(channel, true, {
			messageBytes: this.#options.limits.messageBytes,
			report: this.#options.onError,
			counters: this.#hubs.counters,
		});
		const checked = checkedQuery(channel, query);
		const found = await lookUp(history, channel, checked, (payload) => decoder.decode(payload));
		// Only the types know what publishers send on this channel.
		return { ...found, messages: found.messages.map(({ message }) => message) as never };
	}

	#history(names: readonly string[]) {
		for (const name of names) checkChannel(name, this.#options.channels.allowed, "read");
		const { history } = this.#hubs.connectOpen();
		if (history !== undefined) return history;
		throw new TypeError("Cannot read. The connector keeps no messages; see its option `history`.");
	}
}
