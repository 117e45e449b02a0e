import type { Connector, PublishOutcome } from "./connector.ts";
import type { ErrorHandler } from "./errors.ts";
import type { EventMap, SchemaMap } from "./message/schema.ts";
import { withPublishAll } from "./one-by-one.ts";
import type {
	PublishArguments,
	PublishChannel,
	Published,
	PublishMessage,
	PublishOptions,
} from "./publish.ts";
import { jsonWriter } from "./publish-data.ts";
import { PublishSequence } from "./publish-sequence.ts";
import { Publisher, type PublisherOptions } from "./publisher.ts";
import { defaultChannel } from "./request/request.ts";
import { PerRequest } from "./request-mark.ts";

type PublishingConnector = Pick<Connector, "scope" | "publish" | "publishAll" | "history">;

/** The half of `ServerSentEvents` that publishes. */
export abstract class Publishing<Events extends object = EventMap> {
	readonly #publisher: Publisher;
	readonly #connect: () => PublishingConnector;
	readonly #onError: ErrorHandler;

	/** @param connect returns the connector; throws when there is none, or when it is closed. */
	constructor(
		options: PublisherOptions & {
			events?: SchemaMap | undefined;
			stringify?: ((data: unknown) => string) | undefined;
			onError: ErrorHandler;
		},
		connect: () => PublishingConnector,
	) {
		const { events, stringify } = options;
		this.#publisher = new Publisher(
			{ ...options, jsonOf: jsonWriter(events, stringify) },
			() => withPublishAll(connect()),
			events && inSequence(connect),
		);
		this.#connect = connect;
		this.#onError = options.onError;
	}

	/**
	 * Publishes one event, to a channel or to a list of channels. A channel's events are
	 * delivered in the order of the calls, awaited or not. To publish without awaiting, use
	 * `send()`, which cannot reject.
	 *
	 * @example
	 * ```ts
	 * const { receivers } = await sse.publish({ message: "Hello!" }, { type: "greeting" });
	 * await sse.publish("Deployed.", { channel: ["news", "ops"] });
	 * ```
	 *
	 * @returns how many subscriptions received it, and its id in the history. For a list of
	 *   channels: an array with that, or `{ error }`, for each.
	 * @throws {TypeError} when a field breaks its rule, or JSON cannot carry the data.
	 * @throws {ValidationError} when the data does not fit the schema of its type.
	 * @throws {ConnectorError} when the broker could not be reached, or refused.
	 */
	publish<
		Type extends keyof Events & string = "message" & keyof Events,
		Channel extends PublishChannel = string,
	>(
		data: Events[Type],
		...[options = {}]: PublishArguments<Events, Type, Channel>
	): Promise<Published<Channel>> {
		return this.#publisher.publish(data, options) as Promise<Published<Channel>>;
	}

	/**
	 * Publishes up to 1,000 messages of up to 1 MiB together, in few requests to the broker. All
	 * are checked before any is sent. The order is kept within a channel.
	 *
	 * @example
	 * ```ts
	 * const outcomes = await sse.publishAll([
	 * 	{ data: { id: 7 }, type: "order", channel: "orders" },
	 * 	{ data: "7 is new", channel: "dashboard" },
	 * ]);
	 * for (const { error } of outcomes) if (error) console.error(error);
	 * ```
	 *
	 * @returns an outcome for each message, in the order of the list: `{ receivers, id? }`, or `{
	 *   error }`. It does not reject because the broker is away.
	 * @throws {TypeError} when a message breaks a rule, or when there are too many or too large
	 *   messages.
	 * @throws {ValidationError} when a message's data does not fit the schema of its type.
	 */
	publishAll(messages: readonly PublishMessage<Events>[]): Promise<PublishOutcome[]> {
		return this.#publisher.publishAll(messages as readonly PublishMessage[]);
	}

	/**
	 * Publishes without a promise, for events that may be lost while the broker is away. Errors
	 * go to `onError` with the stage `publish`. The order of the calls is kept, those of
	 * `publish` included.
	 *
	 * @example
	 * ```ts
	 * for await (const token of tokens) sse.send(token, { channel: "answer.7" });
	 * ```
	 */
	send<
		Type extends keyof Events & string = "message" & keyof Events,
		Channel extends PublishChannel = string,
	>(data: Events[Type], ...[options = {}]: PublishArguments<Events, Type, Channel>): void {
		const { channel } = Object(options) as PublishOptions<PublishChannel>;
		const names = [channel].flat() as unknown[];
		const report = (error: unknown, name: unknown = defaultChannel) =>
			this.#onError(error, { stage: "publish", channel: String(name) });
		this.#publisher.publish(data, options).then(
			(done) => {
				if (!Array.isArray(done)) return;
				for (const [index, { error }] of done.entries()) {
					if (error !== undefined) report(error, names[index]);
				}
			},
			(error) => report(error, names[0]),
		);
	}

	/** @internal From now on nobody publishes to channels whose names begin so. */
	protected reserve(prefix: string): void {
		this.#publisher.reserve(prefix);
	}

	/**
	 * Deletes a channel's history. A client with an older position is told of a gap and goes on.
	 *
	 * @example
	 * ```ts
	 * await sse.forget("room.7");
	 * ```
	 *
	 * @throws {TypeError} when the connector keeps no messages, or cannot delete them.
	 * @throws {ConnectorError} when the broker could not be reached, or refused.
	 */
	async forget(channel: string): Promise<void> {
		this.#publisher.check(channel, "forget");
		const { history } = this.#connect();
		if (history?.forget !== undefined) return history.forget(channel);
		throw new TypeError(
			"Cannot forget. The connector keeps no messages; see its option `history`.",
		);
	}
}

/**
 * Keeps the order of the calls while schemas take their time. The first call asks for the
 * connector.
 */
function inSequence(connect: () => PublishingConnector) {
	let sequences: PerRequest<PublishSequence> | undefined;
	return async <T, R>(
		channels: readonly string[],
		prepare: () => T | Promise<T>,
		send: (prepared: T) => Promise<R>,
	): Promise<R> => {
		sequences ??= new PerRequest(connect().scope, () => new PublishSequence());
		return sequences.get().run(channels, prepare(), send);
	};
}
