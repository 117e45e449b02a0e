import type {
	Connector,
	OutgoingMessage,
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

export interface RedisOptions {
	/**
	 * How long `publish` and `subscribe` may take, in ms (default 3000), and how long Redis may owe an
	 * answer before its connection is given up for a new one.
	 */
	timeout?: number;
	/**
	 * Every how many ms the subscribing connection is asked for a sign of life (default 10000; 0: never).
	 * A path that was cut in silence is noticed after this plus `timeout`.
	 */
	pingInterval?: number;
	/**
	 * Whose the connections are. `process`: one connection of each kind serves every request. `request`:
	 * each use has its own, as Cloudflare Workers demand. Default: as the host is found to be. Inside a
	 * Durable Object, where all requests share I/O, pass `process`.
	 */
	scope?: "process" | "request";
	/**
	 * Keeps messages in a stream per channel, so that clients can come back to where they left off.
	 * Default: none are kept. Every process that publishes to a channel must say so alike.
	 */
	history?: RedisHistoryOptions | undefined;
	/**
	 * In a Cluster: sharded pub/sub (Redis 7 or later). A message then goes to one shard instead of to every
	 * node. Everyone on a channel must agree, for PUBLISH and SSUBSCRIBE do not meet, nor do SPUBLISH and
	 * SUBSCRIBE: neither a Flask app nor a process without this option hears or is heard. Default: false.
	 */
	sharded?: boolean | undefined;
}

const advice: Advice = [
	[
		"It goes to the target: redis({ url, password, database, socket: { host, port } }).",
		"password username host port socket db database tls url name",
	],
	["Did you mean timeout?", "connectTimeout commandTimeout"],
	["Did you mean pingInterval?", "keepAlive"],
	["Reconnecting is done here; leave it out.", "retryStrategy reconnectStrategy"],
	["Write history: { maxLength, maxAge }.", "maxLength maxAge"],
	["Write history: { keyPrefix }, or channels: { prefix } of ServerSentEvents.", "keyPrefix"],
];

/**
 * Redis pub/sub: what is published here reaches every process that listens on the same Redis, on
 * the same channel names (and from any database number, as Redis has it).
 *
 * ```ts
 * redis("redis://localhost:6379");
 * redis("rediss://user:password@host:6380/1", { timeout: 1000 });
 * redis(client); // node-redis or ioredis: duplicated for what it cannot share, never closed
 * redis({ url, socket: { ca } }); // node-redis' client options
 * redis({ rootNodes: [{ url }] }, { sharded: true }); // a Cluster; or a cluster client of either library
 * redis({ name: "mymaster", sentinelRootNodes: [{ host, port: 26379 }] }); // Sentinel
 * ```
 *
 * One connection publishes and one subscribes, each opened when first needed. A lost one is dialled
 * again, for ever, with jittered pauses of up to 1.5 s. On Cloudflare Workers, where I/O belongs to
 * a request, every publish and every subscription has a connection of its own instead. In a Cluster all
 * of this is so for each node that is used; a channel is published and heard at the node of its slot.
 *
 * What cannot be promised: bytes that were already written when `publish` gave up may still be
 * delivered, when a server that hung comes round.
 *
 * @throws TypeError if the target or an option is not of its kind; `ConfigurationError` if settings
 * contradict each other or a client cannot be handed in.
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
	readonly scope: "process" | "request";
	readonly #topology: Topology;
	readonly #timeout: number;
	readonly #pingInterval: number;
	readonly #publishing: RedisPublishing;
	/** One per process, or one for each subscription. */
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
		if (publishing.store !== undefined) {
			const run: Run = (...args) => publishing.run(...args);
			this.history = new RedisHistory(publishing.store, run, calledByHash);
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
			// A user that may only publish and subscribe: the server is there, which is what was asked.
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
	// The longest time that a timer can be set to.
	if (Number.isInteger(value) && value >= least && value < 2 ** 31) return value;
	throw new TypeError(
		`redis(): ${field} must be a whole number of milliseconds, at least ${least}, such as 3000.`,
	);
}
