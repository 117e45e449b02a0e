import { ConfigurationError } from "../../core/errors.ts";
import { addressOf, describe } from "./address.ts";
import { ClientPublisher } from "./clients/client-publisher.ts";
import { type IoRedisClient, ioredisDuplicates } from "./clients/ioredis.ts";
import {
	type NodeRedisClient,
	type NodeRedisOptions,
	nodeRedisDriver,
	nodeRedisDuplicates,
	ownedNodeRedis,
} from "./clients/node-redis.ts";
import { type Cluster, cluster } from "./cluster/cluster.ts";
import {
	type IoRedisCluster,
	ioRedisClusterOptions,
	type NodeRedisCluster,
	type RedisClusterOptions,
} from "./cluster/options.ts";
import { ClusterPublisher } from "./cluster/publisher.ts";
import { ClusterSubscriber } from "./cluster/subscriber.ts";
import type { RedisDriver } from "./driver.ts";
import { checkClientOptions, checkClusterOptions, checkSentinelOptions } from "./options.ts";
import { LinkPublisher, type Publisher } from "./publisher.ts";
import { type RedisSentinelOptions, sentinelDriver } from "./sentinel.ts";
import { Subscriber } from "./subscriber.ts";
import type { Topology } from "./topology.ts";

/**
 * Where Redis is: a URL, an existing client, or node-redis' options for a client, a cluster or
 * a sentinel.
 */
export type RedisTarget =
	| string
	| NodeRedisClient
	| IoRedisClient
	| NodeRedisOptions
	| RedisClusterOptions
	| NodeRedisCluster
	| IoRedisCluster
	| RedisSentinelOptions;

const WAYS =
	"Pass a URL such as redis://127.0.0.1:6379, a node-redis or ioredis client, or node-redis' client options.";

/**
 * @param sharded asks for sharded pub/sub, which only a Cluster has.
 * @throws {TypeError} or a `ConfigurationError`. Neither repeats what may hold a password.
 */
export function resolve(target: RedisTarget, sharded: boolean): Topology {
	if (typeof target !== "string" && (typeof target !== "object" || target === null)) {
		throw new TypeError(`redis(): the target must not be ${describe(target)}. ${WAYS}`);
	}
	const options = typeof target === "string" ? undefined : clusterOptions(target);
	if (options !== undefined) {
		return { ...everywhere(cluster(options, sharded), sharded), keyPrefix: keyPrefixOf(target) };
	}
	if (sharded) {
		throw new ConfigurationError(
			"redis(): sharded pub/sub needs a Cluster: pass { rootNodes: [{ url }] } or a cluster client, or leave sharded out.",
		);
	}
	return single(target);
}

function everywhere(nodes: Cluster, sharded: boolean): Topology {
	return {
		address: nodes.address,
		isSpread: true,
		publishCommand: sharded ? "SPUBLISH" : "PUBLISH",
		publisher: (timeout) => new ClusterPublisher(nodes, timeout),
		subscriber: (settings) => new ClusterSubscriber(nodes, settings),
	};
}

function single(target: RedisTarget): Topology {
	if (typeof target === "string") return connecting({ url: target });
	if (isIoRedis(target)) {
		return { ...through(ioredisDuplicates(target)), keyPrefix: keyPrefixOf(target) };
	}
	if (isSentinel(target)) {
		checkSentinelOptions(target);
		return through(sentinelDriver(target));
	}
	if ("getSentinelNode" in target) {
		throw new ConfigurationError(
			"redis(): a node-redis sentinel client is unsupported. Pass its options: { name, sentinelRootNodes }.",
		);
	}
	if (isNodeRedis(target)) {
		const publisher = (ms: number) => new ClientPublisher(ownedNodeRedis(target), ms);
		return through(nodeRedisDuplicates(target), publisher);
	}
	if ("connect" in target || "on" in target) {
		throw new TypeError(`redis(): unsupported client. ${WAYS}`);
	}
	checkPlain(target);
	return connecting(target);
}

function connecting(target: object): Topology {
	const options = { ...checkClientOptions("", target) };
	return through(nodeRedisDriver(options, addressOf(options)));
}

function through(
	driver: RedisDriver,
	publisher = (timeout: number): Publisher => new LinkPublisher(driver, timeout),
): Topology {
	return {
		address: driver.address,
		isSpread: false,
		publishCommand: "PUBLISH",
		publisher,
		subscriber: (settings) => new Subscriber(driver, settings),
	};
}

/** ioredis puts it before keys, but not before channels. Our connections leave that to us. */
function keyPrefixOf(target: unknown): string | undefined {
	const { options } = target as { options?: { keyPrefix?: unknown; redisOptions?: unknown } };
	const { keyPrefix, redisOptions } = options ?? {};
	const prefix = keyPrefix ?? (redisOptions as { keyPrefix?: unknown } | undefined)?.keyPrefix;
	return typeof prefix === "string" && prefix !== "" ? prefix : undefined;
}

/** An object without own fields would count as `{}`, and localhost would be dialled. */
function checkPlain(target: object): void {
	if (target instanceof URL) throw new TypeError(`redis(): pass the URL as a string: url.href.`);
	if ("then" in target) {
		throw new TypeError("redis(): the target is a promise; await it first.");
	}
	const proto: unknown = Object.getPrototypeOf(target);
	const isPlain = proto === null || Object.getPrototypeOf(proto) === null;
	if (!isPlain && Object.keys(target).length === 0) {
		throw new TypeError(`redis(): the target must be a plain object. ${WAYS}`);
	}
}

function clusterOptions(target: object): RedisClusterOptions | undefined {
	if (isIoRedisCluster(target)) return ioRedisClusterOptions(target);
	if (isClusterOptions(target)) {
		checkClusterOptions(target);
		return target;
	}
	// Of node-redis' clients, only the cluster client has these.
	if (!("slots" in target) || !has(target, "nodeClient")) return undefined;
	if ("_options" in target && isClusterOptions(target._options)) return target._options;
	throw new ConfigurationError(
		"redis(): this version's cluster client is unsupported. Pass its options: { rootNodes: [{ url }] }.",
	);
}

function isClusterOptions(target: unknown): target is RedisClusterOptions {
	return typeof target === "object" && target !== null && "rootNodes" in target;
}

function isIoRedisCluster(target: object): target is IoRedisCluster {
	return "isCluster" in target && target.isCluster === true;
}

function isSentinel(target: object): target is RedisSentinelOptions {
	return "sentinelRootNodes" in target;
}

function isIoRedis(target: object): target is IoRedisClient {
	return (
		"status" in target && typeof target.status === "string" && has(target, "duplicate", "publish")
	);
}

function isNodeRedis(target: object): target is NodeRedisClient {
	return "isOpen" in target && has(target, "duplicate", "sendCommand", "subscribe");
}

function has(target: object, ...methods: string[]): boolean {
	return methods.every((name) => typeof Reflect.get(target, name) === "function");
}
