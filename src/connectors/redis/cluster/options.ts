import { ConfigurationError } from "../../../core/errors.ts";
import type { NodeRedisOptions } from "../clients/node-redis.ts";

/** Maps the addresses that the nodes report to those that work from here. */
export type AddressMap =
	| Readonly<Record<string, NodeAddress>>
	| ((address: string) => NodeAddress | undefined);

/** The address of a node. */
export interface NodeAddress {
	/** A host name or an IP address. */
	host: string;
	/** The TCP port. */
	port: number;
}

/**
 * node-redis' cluster options that are used here.
 * https://github.com/redis/node-redis/blob/master/docs/clustering.md
 */
export interface RedisClusterOptions {
	/** Some of the nodes. They report the others. */
	rootNodes: readonly NodeRedisOptions[];
	/**
	 * Options of every node. A missing user, password or TLS setting comes from the first root
	 * node.
	 */
	defaults?: NodeRedisOptions | undefined;
	nodeAddressMap?: AddressMap | undefined;
	// These have no effect here, and do no harm.
	RESP?: 2 | 3;
	modules?: object;
	functions?: object;
	scripts?: object;
	commandOptions?: object;
	keyPrefix?: string | Uint8Array;
	minimizeConnections?: boolean;
	useReplicas?: boolean;
	maxCommandRedirections?: number;
	topologyRefreshOnReconnectionAttemptStrategy?: unknown;
	clientSideCache?: unknown;
	himportRegistry?: unknown;
}

/** The part of a node-redis cluster client (version 5 or later) that is used here. */
export interface NodeRedisCluster {
	readonly _options: object;
	readonly slots: readonly unknown[];
}

/** The part of an ioredis cluster client (version 5 or later) that is used here. */
export interface IoRedisCluster {
	readonly isCluster: boolean;
	readonly options: object;
}

/** The part of ioredis' options that is used here. */
interface IoRedisClusterSettings {
	redisOptions?: IoRedisNode;
	natMap?: AddressMap;
	useSRVRecords?: boolean;
}

interface IoRedisNode {
	host?: string;
	port?: number | string;
	family?: number;
	username?: string | null;
	password?: string | null;
	tls?: object;
}

/**
 * An ioredis cluster client's options as node-redis' options. A duplicate of the client would
 * not do: it moves subscriptions from node to node and reports nothing.
 */
export function ioRedisClusterOptions(client: IoRedisCluster): RedisClusterOptions {
	const { redisOptions, natMap, useSRVRecords }: IoRedisClusterSettings = client.options;
	if (useSRVRecords) {
		throw new ConfigurationError(
			"redis(): a cluster client that finds its nodes by SRV records is unsupported. Pass { rootNodes: [{ url }] }.",
		);
	}
	const startupNodes: unknown = Reflect.get(client, "startupNodes");
	const nodes = Array.isArray(startupNodes) ? startupNodes : [];
	return {
		rootNodes: nodes.map((node) => options({ host: "127.0.0.1", port: 6379, ...parsed(node) })),
		defaults: options({ ...redisOptions }),
		nodeAddressMap: natMap,
	};
}

/** ioredis takes a port, a URL, `host:port` or an object. */
function parsed(node: unknown): IoRedisNode {
	if (typeof node === "object" && node !== null) return node;
	const text = String(node);
	if (/^\d+$/.test(text)) return { port: text };
	const url = text.includes("://") ? text : `redis://${text}`;
	if (!URL.canParse(url)) {
		// The parser's own error quotes the URL, which may hold a password.
		throw new ConfigurationError(
			"redis(): a node of the cluster client has no URL that can be read.",
		);
	}
	const { hostname, port, username, password, protocol } = new URL(url);
	return {
		host: hostname,
		...(port !== "" && { port }),
		...(username !== "" && { username: decodeURIComponent(username) }),
		...(password !== "" && { password: decodeURIComponent(password) }),
		...(protocol === "rediss:" && { tls: {} }),
	};
}

function options({ host, port, family, username, password, tls }: IoRedisNode): NodeRedisOptions {
	const socket = {
		...tls,
		...(tls && { tls: true }),
		...(host !== undefined && { host }),
		...(port !== undefined && { port: Number(port) }),
		...(family !== undefined && { family }),
	};
	return { ...(username && { username }), ...(password && { password }), socket };
}
