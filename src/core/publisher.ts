import type { Connector, OutgoingMessage, PublishOutcome, PublishResult } from "./connector.ts";
import { byteLength, exceeds } from "./message/text.ts";
import {
	mostBytes,
	mostMessages,
	type Outgoing,
	outgoing,
	type PublishChannel,
	type PublishChecks,
	type PublishOptions,
} from "./publish.ts";
import { checkChannel, defaultChannel } from "./request/request.ts";

/** What publishing needs from a connector. */
export type PublishConnector = Pick<Connector, "scope" | "publish"> & {
	publishAll: NonNullable<Connector["publishAll"]>;
	/** Present when messages are kept. */
	readonly history?: unknown;
};

/** A publisher's checked options. */
export type PublisherOptions = PublishChecks & {
	channels: { allowed?: readonly string[] | undefined };
};

/** Sends prepared messages in the order of the calls. */
type Ordered = <T, R>(
	channels: readonly string[],
	prepare: () => T | Promise<T>,
	send: (prepared: T) => Promise<R>,
) => Promise<R>;

/** How many microtasks `messages().next()` takes to join a subscribed channel. */
const joiningSteps = 4;

type AnyMessage = { data: unknown } & PublishOptions;

/** Checks messages and gives them to the connector in the order of the calls. */
export class Publisher {
	readonly #options: PublisherOptions;
	readonly #connect: () => PublishConnector;
	readonly #ordered: Ordered | undefined;
	/** Prefixes of channels to which only others write. */
	readonly #reserved = new Set<string>();

	/**
	 * @param connect returns the connector; throws when there is none, or when it is closed.
	 * @param ordered keeps the order where a schema may take time.
	 */
	constructor(options: PublisherOptions, connect: () => PublishConnector, ordered?: Ordered) {
		this.#options = options;
		this.#connect = connect;
		this.#ordered = ordered;
	}

	/** Resolves to the result for one channel, or to an outcome for each channel of a list. */
	async publish(
		data: unknown,
		given: PublishOptions<PublishChannel>,
	): Promise<PublishResult | PublishOutcome[]> {
		if (typeof given !== "object" || given === null) {
			throw new TypeError("Cannot publish. The options must be an object, as in { channel }.");
		}
		const { channel = defaultChannel, ...options } = given;
		if (typeof channel === "string") {
			this.check(channel);
			return this.#inOrder([channel], () => this.#prepared(data, options), this.#one(channel));
		}
		const channels = checkedList(channel);
		for (const each of channels) this.check(each);
		return this.#inOrder(
			channels,
			() => this.#prepared(data, options),
			(each) => this.#all(channels.map((name) => ({ channel: name, each }))),
		);
	}

	/** Checks all messages before it sends any. */
	async publishAll(messages: readonly AnyMessage[]): Promise<PublishOutcome[]> {
		if (!Array.isArray(messages)) {
			throw new TypeError("Cannot publish. messages: must be an array of { data, channel?, … }.");
		}
		assertCount("messages", messages.length);
		// `Array.from` visits an array's holes; `map` skips them.
		const channels = Array.from(messages, (message, index) => this.#channelOf(message, index));
		const prepare = () => {
			const prepared: (Outgoing | Promise<Outgoing>)[] = [];
			try {
				for (const [index, { data, channel: _, ...options }] of messages.entries()) {
					prepared.push(named(index, () => this.#prepared(data, options)));
				}
			} catch (error) {
				// The call rejects with this one. A schema that refuses an earlier message later has nobody to tell.
				void Promise.allSettled(prepared);
				throw error;
			}
			return prepared.some((each) => each instanceof Promise)
				? Promise.all(prepared)
				: (prepared as Outgoing[]);
		};
		return this.#inOrder([...new Set(channels)], prepare, (all) =>
			this.#all(all.map((each, index) => ({ channel: channels[index] ?? defaultChannel, each }))),
		);
	}

	#channelOf(message: AnyMessage, index: number): string {
		return named(index, () => {
			if (typeof message !== "object" || message === null) {
				throw new TypeError("Cannot publish. A message must be an object with data.");
			}
			if (message.channel !== undefined && typeof message.channel !== "string") {
				throw new TypeError("Cannot publish. channel: each message of several names one channel.");
			}
			const { channel = defaultChannel } = message;
			this.check(channel);
			return channel;
		});
	}

	async #inOrder<T, R>(
		channels: readonly string[],
		prepare: () => T | Promise<T>,
		send: (prepared: T) => Promise<R>,
	): Promise<R> {
		if (this.#ordered !== undefined) return this.#ordered(channels, prepare, send);
		// Without a schema every call takes the same number of steps, so none overtakes another.
		const prepared = await prepare();
		// By then an earlier `messages().next()` has joined its channel, unless it has to ask the
		// broker.
		for (let step = 0; step < joiningSteps; step++) await undefined;
		return send(prepared);
	}

	#prepared(data: unknown, options: PublishOptions): Outgoing | Promise<Outgoing> {
		return outgoing(data, options, this.#options);
	}

	#one(channel: string): (each: Outgoing) => Promise<PublishResult> {
		return async (each) => {
			const connector = this.#connect();
			// The channel stays out of the options: there it would replace the prefixed one.
			const { payload, channel: _, ...options } = sendable(channel, each, connector);
			return connector.publish(channel, payload, options);
		};
	}

	async #all(messages: { channel: string; each: Outgoing }[]): Promise<PublishOutcome[]> {
		const connector = this.#connect();
		const all = messages.map(({ channel, each }) => sendable(channel, each, connector));
		assertSize(all);
		return all.length === 0 ? [] : connector.publishAll(all);
	}

	/** @throws {TypeError} when code may not do that with the channel. */
	check(channel: string, what: "publish" | "forget" = "publish"): void {
		checkChannel(channel, this.#options.channels.allowed, what);
		for (const prefix of this.#reserved) {
			if (!channel.startsWith(prefix)) continue;
			throw new TypeError(
				`Cannot ${what}. channel: names that begin with ${JSON.stringify(prefix)} belong to runs: only their producers publish there.`,
			);
		}
	}

	/** From now on nobody publishes to channels whose names begin with the prefix. */
	reserve(prefix: string): void {
		this.#reserved.add(prefix);
	}
}

/** The message as the connector takes it. */
function sendable(
	channel: string,
	{ id, payload, keep, key }: Outgoing,
	{ history }: PublishConnector,
): OutgoingMessage {
	if (history !== undefined) {
		if (id === undefined) {
			return { channel, payload, ...(keep === false && { keep }), ...(key && { key }) };
		}
		throw new TypeError("Cannot publish. id: with history the store gives every id; leave it out.");
	}
	if (key === undefined) return { channel, payload };
	throw new TypeError("Cannot publish. key: needs a connector with history.");
}

/** @throws {TypeError} that names the rule. */
function checkedList(channels: unknown): string[] {
	if (!Array.isArray(channels) || channels.length === 0) {
		throw new TypeError("Cannot publish. channel: must be a name, or a list of at least one.");
	}
	assertCount("channel", channels.length);
	if (new Set(channels).size === channels.length) return channels;
	throw new TypeError("Cannot publish. channel: the list names a channel twice.");
}

function assertCount(field: string, count: number): void {
	if (count <= mostMessages) return;
	throw new TypeError(
		`Cannot publish. ${field}: at most ${mostMessages} in one call, got ${count}.`,
	);
}

function assertSize(messages: readonly OutgoingMessage[]): void {
	if (messages.length === 1) return; // limits.messageBytes bounds it, as it bounds every single message
	let left = mostBytes;
	for (const { payload } of messages) {
		if (exceeds(payload, left)) {
			throw new TypeError(
				`Cannot publish. data: at most ${mostBytes} bytes in one call; make several.`,
			);
		}
		left -= byteLength(payload);
	}
}

/** Adds to an error which of several messages it is about. */
function named<T>(index: number, make: () => T): T {
	try {
		return make();
	} catch (error) {
		if (!(error instanceof TypeError)) throw error;
		throw new TypeError(`messages[${index}]: ${error.message}`, { cause: error });
	}
}
