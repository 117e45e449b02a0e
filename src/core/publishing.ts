import type { History, PublishOutcome } from "./connector.ts";
import type { ErrorHandler } from "./errors.ts";
import { type EventMap, type SchemaMap, validated } from "./message/schema.ts";
import type {
	PublishArguments,
	PublishChannel,
	Published,
	PublishMessage,
	PublishOptions,
} from "./publish.ts";
import { PublishSequence } from "./publish-sequence.ts";
import { type PublishConnector, Publisher, type PublisherOptions } from "./publisher.ts";
import { defaultChannel } from "./request/request.ts";
import { PerRequest } from "./request-mark.ts";

type KeepingConnector = PublishConnector & { readonly history?: History | undefined };

/** The half of `ServerSentEvents` that publishes. */
export abstract class Publishing<Events extends object = EventMap> {
	readonly #publisher: Publisher;
	readonly #connect: () => KeepingConnector;
	readonly #onError: ErrorHandler;

	/** @param connect the connector; throws when there is none, or none any more. */
	constructor(
		options: PublisherOptions & { events?: SchemaMap | undefined; onError: ErrorHandler },
		connect: () => KeepingConnector,
	) {
		const { events } = options;
		this.#publisher =
			events === undefined
				? new Publisher(options, connect)
				: new Publisher(
						{ ...options, validate: (type, data) => validated(events, type, data) },
						connect,
						inSequence(connect),
					);
		this.#connect = connect;
		this.#onError = options.onError;
	}

	/**
	 * Publishes one event, to a channel or to a list of them. Events of a channel are delivered in the order in which
	 * this was called, awaited or not. One that nobody awaits is for `send()`, which cannot reject.
	 *
	 * @returns how many received it, and the id that the history gave it. For a list of channels an array with an
	 *   outcome for each: that, or `{ error }`.
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
	 * Publishes up to 1,000 messages of up to 1 MiB together, in few requests to the broker. All are checked before
	 * any leaves. The order is kept within a channel.
	 *
	 * ```ts
	 * const outcomes = await sse.publishAll([
	 * 	{ data: { id: 7 }, type: "order", channel: "orders" },
	 * 	{ data: "7 is new", channel: "dashboard" },
	 * ]);
	 * for (const { error } of outcomes) if (error) console.error(error);
	 * ```
	 *
	 * @returns an outcome for each message, in the order of the list: `{ receivers, id? }`, or `{ error }` for one
	 *   that the broker did not take. A broker that is away rejects nothing.
	 * @throws {TypeError} when a message breaks a rule, or there are too many, or too large ones.
	 * @throws {ValidationError} when the data of one does not fit the schema of its type.
	 */
	publishAll(messages: readonly PublishMessage<Events>[]): Promise<PublishOutcome[]> {
		return this.#publisher.publishAll(messages as readonly PublishMessage[]);
	}

	/**
	 * Publishes, and lets nobody wait: for events that may be lost when the broker is away. What `publish` would
	 * reject with goes to `onError`, with the stage `publish`. The order of the calls is kept, among those of
	 * `publish` as well.
	 *
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

	/**
	 * Deletes what the history keeps of a channel. A client that comes back from before is told of a gap, and goes on.
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

/** The order of the calls, although a schema may take its time. The connector is asked for with the first. */
function inSequence(connect: () => PublishConnector) {
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
