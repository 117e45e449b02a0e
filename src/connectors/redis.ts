import type {
	Connector,
	HistoryOptions,
	PublishResult,
	Subscription,
	SubscriptionHandlers,
} from "../connector.ts";
import { closed } from "./redis/errors.ts";
import type { Publisher } from "./redis/publisher.ts";
import { Subscriber } from "./redis/subscriber.ts";
import { type RedisTarget, type Route, resolve } from "./redis/target.ts";
import { RedisHistory } from "./redis-history.ts";

export type { IoRedisClient } from "./redis/ioredis.ts";
export type { NodeRedisClient, NodeRedisOptions } from "./redis/node-redis.ts";
export type { RedisTarget } from "./redis/target.ts";

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
	history?: HistoryOptions | undefined;
}

/**
 * Redis pub/sub: what is published here reaches every process that listens on the same Redis, on
 * the same channel names (and from any database number, as Redis has it).
 *
 * ```ts
 * redis("redis://localhost:6379");
 * redis("rediss://user:password@host:6380/1", { timeout: 1000 });
 * redis(client); // node-redis or ioredis: duplicated for what it cannot share, never closed
 * redis({ url, socket: { ca } }); // node-redis' client options
 * ```
 *
 * One connection publishes and one subscribes, each opened when first needed. A lost one is dialled
 * again, for ever, with jittered pauses of up to 1.5 s. On Cloudflare Workers, where I/O belongs to
 * a request, every publish and every subscription has a connection of its own instead.
 *
 * What cannot be promised: bytes that were already written when `publish` gave up may still be
 * delivered, when a server that hung comes round.
 *
 * @throws TypeError if the target or an option is not of its kind; `ConfigurationError` if settings
 * contradict each other or a cluster or sentinel client is handed in.
 */
export function redis(target: RedisTarget, options: RedisOptions = {}): Connector {
	const timeout = milliseconds("timeout", options.timeout ?? 3_000, 1);
	const pingInterval = milliseconds("pingInterval", options.pingInterval ?? 10_000, 0);
	const scope = scopeOf(options.scope);
	return new RedisConnector(resolve(target), timeout, pingInterval, scope, options.history);
}

class RedisConnector implements Connector {
	readonly name = "redis";
	readonly history: RedisHistory | undefined;
	readonly scope: "process" | "request";
	readonly #route: Route;
	readonly #timeout: number;
	readonly #pingInterval: number;
	/** Everything that holds connections: two of them per process, or one for each use. */
	readonly #open = new Set<{ close(): void }>();
	#publisher: Publisher | undefined;
	#subscriber: Subscriber | undefined;
	#closed = false;

	constructor(
		route: Route,
		timeout: number,
		pingInterval: number,
		scope: Connector["scope"],
		history: HistoryOptions | undefined,
	) {
		this.scope = scope;
		if (history !== undefined)
			this.history = new RedisHistory((args) => this.#run(args), history, true);
		this.#route = route;
		this.#timeout = timeout;
		this.#pingInterval = pingInterval;
	}

	async publish(channel: string, payload: string): Promise<PublishResult> {
		this.#check(channel, payload);
		if (this.history !== undefined) return this.history.publish(channel, payload);
		return { receivers: Number(await this.#run(["PUBLISH", channel, payload])) };
	}

	async #run(args: readonly string[]): Promise<unknown> {
		if (this.#closed) throw closed();
		if (this.scope === "process") {
			this.#publisher ??= this.#keep(this.#route.publisher(this.#timeout));
			return this.#publisher.run(args);
		}
		const publisher = this.#keep(this.#route.publisher(this.#timeout));
		try {
			return await publisher.run(args);
		} finally {
			publisher.close();
			this.#open.delete(publisher);
		}
	}

	async subscribe(channel: string, handlers: SubscriptionHandlers): Promise<Subscription> {
		this.#check(channel);
		const settings = { timeout: this.#timeout, pingInterval: this.#pingInterval };
		if (this.scope === "process") {
			this.#subscriber ??= this.#keep(new Subscriber(this.#route.driver, settings));
			return this.#subscriber.subscribe(channel, handlers);
		}
		const onIdle = () => {
			subscriber.close();
			this.#open.delete(subscriber);
		};
		const subscriber = this.#keep(new Subscriber(this.#route.driver, { ...settings, onIdle }));
		return subscriber.subscribe(channel, handlers);
	}

	async close(): Promise<void> {
		this.#closed = true;
		for (const user of this.#open) user.close();
		this.#open.clear();
	}

	#keep<T extends { close(): void }>(user: T): T {
		this.#open.add(user);
		return user;
	}

	#check(...texts: string[]): void {
		if (this.#closed) throw closed();
		// UTF-8 has no lone surrogates: two such names would become one, and a payload another.
		if (texts.every((text) => text.isWellFormed())) return;
		throw new TypeError("A channel or payload with a lone surrogate cannot be sent to Redis.");
	}
}

function scopeOf(scope: unknown): Connector["scope"] {
	if (scope === "process" || scope === "request") return scope;
	if (scope !== undefined) throw new TypeError('redis(): scope must be "process" or "request".');
	return globalThis.navigator?.userAgent === "Cloudflare-Workers" ? "request" : "process";
}

function milliseconds(field: string, value: number, least: number): number {
	// The longest time that a timer can be set to.
	if (Number.isInteger(value) && value >= least && value < 2 ** 31) return value;
	throw new TypeError(
		`redis(): ${field} must be a whole number of milliseconds, at least ${least}, such as 3000.`,
	);
}
