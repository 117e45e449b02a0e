/**
 * Publishing alone: for functions, cron jobs, actions and scripts, which stream nothing. It is a part of what a connector
 * is, so what is published here is stored and delivered as by a `ServerSentEvents` with the same options.
 *
 * ```ts
 * import { publish, upstash } from "edge-sse/publish";
 *
 * await publish(upstash(), { text: "Deployed." }, { channel: "news" }); // one request, nothing left open
 * ```
 *
 * @module
 */
import { RedisPublishing } from "./connectors/redis/publishing.ts";
import { type RedisTarget, resolve } from "./connectors/redis/target.ts";
import type { RedisHistoryOptions } from "./connectors/shared/redis-store.ts";
import { scopeOf } from "./connectors/shared/scope.ts";
import { credentials } from "./connectors/upstash/credentials.ts";
import { Rest } from "./connectors/upstash/rest.ts";
import { UpstashSender } from "./connectors/upstash/sender.ts";
import { UpstashTarget } from "./connectors/upstash/target.ts";
import type { HistoryOptions, PublishOutcome } from "./core/connector.ts";
import { closedError } from "./core/errors.ts";
import { checkNames } from "./core/known-names.ts";
import type { PublishChannel, Published, PublishMessage, PublishOptions } from "./core/publish.ts";
import { type PublishConnector, Publisher } from "./core/publisher.ts";
import { type ChannelNamespace, ObjectPublishing } from "./durable-object/publishing.ts";

export type { RedisTarget } from "./connectors/redis/target.ts";
export type { RedisHistoryOptions } from "./connectors/shared/redis-store.ts";
export type {
	ChannelHistoryOptions,
	HistoryOptions,
	PublishOutcome,
	PublishResult,
} from "./core/connector.ts";
export { ConfigurationError, ConnectorError, SseError } from "./core/errors.ts";
export type {
	PublishChannel,
	Published,
	PublishMessage,
	PublishOptions,
} from "./core/publish.ts";
export type { ChannelNamespace } from "./durable-object/publishing.ts";

/** Where messages are published to: made by `upstash()`, `redis()` or `durableObject()`. */
export class PublishTarget {
	readonly #publisher: Publisher;
	readonly #end: () => Promise<void> | void;
	#closed = false;

	/** @internal */
	constructor(name: string, connector: PublishConnector, end: () => Promise<void> | void) {
		this.#end = end;
		this.#publisher = new Publisher(limits, () => {
			if (this.#closed) throw closedError(name);
			return connector;
		});
	}

	/** @internal */
	get publisher(): Publisher {
		return this.#publisher;
	}

	/** Ends connections. A script may end without: none keeps the process alive. */
	async close(): Promise<void> {
		this.#closed = true;
		await this.#end();
	}
}

/** As a `ServerSentEvents` has them by default. */
const limits = { limits: { messageBytes: 1_048_576 }, channels: {} };

/**
 * Publishes one event, to a channel or to a list of them.
 *
 * ```ts
 * const target = redis(process.env.REDIS_URL, { history: {} });
 * await publish(target, { id: 7 }, { type: "order", channel: "orders", key: "order 7" });
 * ```
 *
 * @returns how many received it, and its id where there is a history; of a list of channels an outcome for each.
 * @throws {TypeError} when a field breaks its rule, or JSON cannot carry the data.
 * @throws {ConnectorError} when the broker could not be reached, or refused.
 */
export async function publish<Channel extends PublishChannel = string>(
	target: PublishTarget,
	data: unknown,
	options: PublishOptions<Channel> = {},
): Promise<Published<Channel>> {
	return (await publisherOf(target).publish(data, options)) as Published<Channel>;
}

/**
 * Publishes up to 1,000 messages of up to 1 MiB together, in few requests.
 *
 * ```ts
 * const outcomes = await publishAll(target, [{ data: 1, channel: "a" }, { data: 2, channel: "b" }]);
 * ```
 *
 * @returns an outcome for each message: `{ receivers, id? }` or `{ error }`.
 * @throws {TypeError} when a message breaks a rule, or there are too many, or too large ones.
 */
export async function publishAll(
	target: PublishTarget,
	messages: readonly PublishMessage[],
): Promise<PublishOutcome[]> {
	return publisherOf(target).publishAll(messages);
}

function publisherOf(target: PublishTarget): Publisher {
	if (target instanceof PublishTarget) return target.publisher;
	throw new TypeError(
		'publish(): the target must be made by upstash(), redis() or durableObject() of "edge-sse/publish".',
	);
}

export interface UpstashTargetOptions {
	/** The database's REST URL, `https://….upstash.io`. */
	url?: string | undefined;
	/** Its REST token. */
	token?: string | undefined;
	/**
	 * How long one request may take to be answered, in ms.
	 *
	 * @defaultValue 5,000
	 */
	timeout?: number;
	/** Keeps messages. Give what the streaming side gives. Default: none are kept. */
	history?: RedisHistoryOptions | undefined;
}

/**
 * Upstash Redis over its REST API: one request, one billed command.
 *
 * @param options without `url` and `token` the environment's `UPSTASH_REDIS_REST_URL` and `UPSTASH_REDIS_REST_TOKEN`,
 *   else `KV_REST_API_URL` and `KV_REST_API_TOKEN`.
 * @throws {ConfigurationError} when there is no usable pair of a URL and a token.
 */
export function upstash(options: UpstashTargetOptions = {}): PublishTarget {
	checkNames("upstash(): ", options, ["url", "token", "timeout", "history"]);
	const { timeout = 5_000, history } = options;
	if (!(timeout > 0)) throw new TypeError("timeout must be a number of milliseconds above 0.");
	const { url, token } = credentials(options);
	const scope = scopeOf("upstash", undefined);
	const sender = new UpstashSender(new Rest(url, token), timeout, history);
	return new PublishTarget("upstash target", new UpstashTarget(sender, scope), () => sender.idle());
}

export interface RedisTargetOptions {
	/**
	 * How long a publish may take, in ms.
	 *
	 * @defaultValue 3,000
	 */
	timeout?: number;
	/** Keeps messages. Give what the streaming side gives. Default: none are kept. */
	history?: RedisHistoryOptions | undefined;
	/**
	 * In a Cluster: sharded pub/sub. Give what the streaming side gives.
	 *
	 * @defaultValue `false`
	 */
	sharded?: boolean | undefined;
}

/**
 * Redis over TCP, by a URL, a client of node-redis or ioredis, or node-redis' options. One connection, opened by the
 * first publish; on Cloudflare Workers one for each publish.
 *
 * @throws {TypeError} when the target or an option is not of its kind.
 */
export function redis(target: RedisTarget, options: RedisTargetOptions = {}): PublishTarget {
	checkNames("redis(): ", options, ["timeout", "history", "sharded"]);
	const { timeout = 3_000, history, sharded = false } = options;
	if (!(Number.isInteger(timeout) && timeout > 0)) {
		throw new TypeError("redis(): timeout must be a whole number of milliseconds, at least 1.");
	}
	const route = resolve(target, sharded);
	const publishing = new RedisPublishing(route, timeout, scopeOf("redis", undefined), history);
	return new PublishTarget("redis target", publishing, () => publishing.close());
}

/**
 * The objects of an `SseChannel` binding: one request to the channel's object.
 *
 * @throws {TypeError} when the binding is missing.
 */
export function durableObject(
	namespace: ChannelNamespace,
	options: { timeout?: number; history?: HistoryOptions | undefined } = {},
): PublishTarget {
	checkNames("durableObject(): ", options, ["timeout", "history"]);
	const publishing = new ObjectPublishing(namespace, options);
	return new PublishTarget("durable-object target", publishing, () => publishing.close());
}
