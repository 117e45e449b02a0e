/**
 * Redis over TCP: a single server, a Cluster or Sentinel.
 *
 * ```ts
 * import { ServerSentEvents } from "edge-sse";
 * import { redis } from "edge-sse/redis";
 *
 * const connector = redis("redis://localhost:6379", { history: { maxLength: 1_000 } });
 * const sse = new ServerSentEvents({ connector });
 * await sse.publish("Hello!", { channel: "news" }); // reaches every process on this Redis
 * ```
 *
 * @module
 */

import type {
	Connector,
	OutgoingMessage,
	PresenceBasis,
	PublishOutcome,
	PublishResult,
	SendOptions,
	Subscription,
	SubscriptionHandlers,
} from "../core/connector.ts";
import { type Advice, checkNames } from "../core/known-names.ts";
import { isForbidden } from "./redis/errors.ts";
import { RedisPublishing } from "./redis/publishing.ts";
import { type RedisTarget, resolve } from "./redis/target.ts";
import type { ChannelSubscriber, Topology } from "./redis/topology.ts";
import { RedisHistory } from "./shared/redis-history.ts";
import { RedisRuns } from "./shared/redis-runs.ts";
import { calledByHash, type Run } from "./shared/redis-script.ts";
import type { RedisHistoryOptions } from "./shared/redis-store.ts";
import { scopeOf } from "./shared/scope.ts";

export type { IoRedisClient } from "./redis/clients/ioredis.ts";
export type { NodeRedisClient, NodeRedisOptions } from "./redis/clients/node-redis.ts";
export type {
	AddressMap,
	IoRedisCluster,
	NodeAddress,
	NodeRedisCluster,
	RedisClusterOptions,
} from "./redis/cluster/options.ts";
export type { RedisSentinelOptions } from "./redis/sentinel.ts";
export type { RedisTarget } from "./redis/target.ts";
export type { RedisHistoryOptions } from "./shared/redis-store.ts";

/** The options of `redis()`. */
export interface RedisOptions {
	/**
	 * How long `publish` and `subscribe` may take, in ms. When Redis owes an answer for longer,
	 * its connection is replaced.
	 *
	 * @defaultValue `3_000`
	 */
	timeout?: number;
	/**
	 * How often the subscribing connection sends a PING, in ms; 0: never. A silently broken path
	 * is noticed after this time plus `timeout`. https://redis.io/docs/latest/commands/ping/
	 *
	 * @defaultValue `10_000`
	 */
	pingInterval?: number;
	/**
	 * Who may share a connection. `process`: one connection of each kind serves every request.
	 * `request`: each use has its own, which Cloudflare Workers require. Inside a Durable Object,
	 * where all requests share I/O, pass `process`.
	 *
	 * @defaultValue `request` on Cloudflare Workers, else `process`
	 */
	scope?: "process" | "request";
	/**
	 * Keeps messages in one Redis stream per channel, so that clients that reconnect get what
	 * they missed. All publishers of a channel must set this alike.
	 * https://redis.io/docs/latest/commands/xadd/
	 *
	 * @defaultValue none: nothing is kept
	 */
	history?: RedisHistoryOptions | undefined;
	/**
	 * In a Cluster: sharded pub/sub (Redis 7 or later), where a message goes to one shard instead
	 * of to every node. Everyone on a channel must agree, because PUBLISH does not reach
	 * SSUBSCRIBE, nor SPUBLISH SUBSCRIBE. That includes Flask apps.
	 * https://redis.io/docs/latest/commands/spublish/
	 *
	 * @defaultValue `false`
	 */
	sharded?: boolean | undefined;
}

const advice: Advice = [
	[
		"Pass it in the target: redis({ url, password, database, socket: { host, port } }).",
		"password username host port socket db database tls url name",
	],
	["Did you mean timeout?", "connectTimeout commandTimeout"],
	["Did you mean pingInterval?", "keepAlive"],
	["Leave it out: this connector reconnects by itself.", "retryStrategy reconnectStrategy"],
	["Write history: { maxLength, maxAge }.", "maxLength maxAge"],
	["Write history: { keyPrefix }, or channels: { prefix } of ServerSentEvents.", "keyPrefix"],
];

/**
 * Redis pub/sub. A message reaches every process that listens on the same Redis, on the same
 * channel and from any database number, as Redis defines it:
 * https://redis.io/docs/latest/develop/pubsub/
 *
 * One connection publishes and one subscribes. Each opens on first use. A lost one is
 * reconnected for ever, with random pauses of up to 1.5 s. On Cloudflare Workers, where I/O
 * belongs to a request, every publish and every subscription has its own connection. In a
 * Cluster this holds for each node in use; a channel's messages go through the node of its
 * slot.
 *
 * One thing cannot be promised. A server that hung may later deliver bytes that were already
 * written when `publish` gave up.
 *
 * @example
 * ```ts
 * import { redis } from "edge-sse/redis";
 *
 * redis("redis://localhost:6379");
 * redis("rediss://user:password@host:6380/1", { timeout: 1000 });
 * redis({ url: "rediss://host:6380", socket: { servername: "redis.example" } }); // node-redis' options
 * redis({ rootNodes: [{ url: "redis://node:7000" }] }, { sharded: true }); // a Cluster
 * redis({ name: "mymaster", sentinelRootNodes: [{ host: "sentinel", port: 26379 }] });
 * // Or a client of node-redis or ioredis: it publishes, a duplicate subscribes, and it is never closed.
 * ```
 *
 * @throws {TypeError} when the target or an option has the wrong type.
 * @throws {ConfigurationError} when settings contradict each other, or a client is unsupported.
 */
export function redis(target: RedisTarget, options: RedisOptions = {}): Connector {
	checkNames("redis(): ", options, ["timeout pingInterval scope history sharded"], advice);
	const timeout = milliseconds("timeout", options.timeout ?? 3_000, 1);
	const pingInterval = milliseconds("pingInterval", options.pingInterval ?? 10_000, 0);
	const scope = scopeOf("redis", options.scope);
	const topology = resolve(target, flag("sharded", options.sharded ?? false));
	return new RedisConnector(topology, timeout, pingInterval, scope, options.history);
}

class RedisConnector implements Connector {
	readonly name = "redis";
	readonly history: RedisHistory | undefined;
	readonly runs: RedisRuns | undefined;
	readonly presence: PresenceBasis<Connector>;
	readonly scope: "process" | "request";
	readonly #topology: Topology;
	readonly #timeout: number;
	readonly #pingInterval: number;
	readonly #publishing: RedisPublishing;
	/** One per process, or one per subscription. */
	readonly #open = new Set<ChannelSubscriber>();
	#subscriber: ChannelSubscriber | undefined;

	constructor(
		topology: Topology,
		timeout: number,
		pingInterval: number,
		scope: Connector["scope"],
		history: RedisHistoryOptions | undefined,
	) {
		this.scope = scope;
		this.#topology = topology;
		this.#timeout = timeout;
		this.#pingInterval = pingInterval;
		const publishing = new RedisPublishing(topology, timeout, scope, history);
		this.#publishing = publishing;
		this.presence = {
			kind: "redis",
			run: (...args) => publishing.run(...args),
			sendsWhole: false,
			keyPrefix: `${topology.keyPrefix ?? ""}sse:presence:`,
		};
		if (publishing.store !== undefined) {
			const run: Run = (...args) => publishing.run(...args);
			this.history = new RedisHistory(publishing.store, run, calledByHash);
			const settings = { run, scripts: calledByHash, command: topology.publishCommand };
			this.runs = new RedisRuns(publishing.store, settings);
		}
	}

	async publish(channel: string, payload: string, options?: SendOptions): Promise<PublishResult> {
		return this.#publishing.publish(channel, payload, options);
	}

	async publishAll(messages: readonly OutgoingMessage[]): Promise<PublishOutcome[]> {
		return this.#publishing.publishAll(messages);
	}

	async check(): Promise<void> {
		try {
			await this.#publishing.run("", () => ["PING"]);
		} catch (error) {
			// This user may only publish and subscribe. The server answered, which is all that was
			// asked.
			if (!isForbidden(error)) throw error;
		}
	}

	async subscribe(channel: string, handlers: SubscriptionHandlers): Promise<Subscription> {
		this.#publishing.check(channel);
		const settings = { timeout: this.#timeout, pingInterval: this.#pingInterval };
		if (this.scope === "process") {
			this.#subscriber ??= this.#keep(this.#topology.subscriber(settings));
			return this.#subscriber.subscribe(channel, handlers);
		}
		const onIdle = () => {
			subscriber.close();
			this.#open.delete(subscriber);
		};
		const subscriber = this.#keep(this.#topology.subscriber({ ...settings, onIdle }));
		return subscriber.subscribe(channel, handlers);
	}

	async close(): Promise<void> {
		this.#publishing.close();
		for (const subscriber of this.#open) subscriber.close();
		this.#open.clear();
	}

	#keep(subscriber: ChannelSubscriber): ChannelSubscriber {
		this.#open.add(subscriber);
		return subscriber;
	}
}

function flag(field: string, value: unknown): boolean {
	if (typeof value === "boolean") return value;
	throw new TypeError(`redis(): ${field} must be true or false.`);
}

function milliseconds(field: string, value: number, least: number): number {
	// The longest delay of a timer.
	if (Number.isInteger(value) && value >= least && value < 2 ** 31) return value;
	throw new TypeError(
		`redis(): ${field} must be a whole number of milliseconds, at least ${least}, such as 3000.`,
	);
}
