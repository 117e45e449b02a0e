import { ConfigurationError } from "../../../core/errors.ts";
import type { NodeRedisOptions } from "../clients/node-redis.ts";

/** Where a node is for us, if that is not what the nodes say of each other. */
export type AddressMap =
	| Readonly<Record<string, NodeAddress>>
	| ((address: string) => NodeAddress | undefined);

export interface NodeAddress {
	host: string;
	port: number;
}

/** node-redis' cluster options, as far as they matter here. */
export interface RedisClusterOptions {
	/** Some of the nodes; the others are learnt from them. */
	rootNodes: readonly NodeRedisOptions[];
	/** For every node. A user, password or TLS that is not here is taken from the first root node. */
	defaults?: NodeRedisOptions | undefined;
	nodeAddressMap?: AddressMap | undefined;
	// What is of no use here, and harmless.
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

/** node-redis' cluster client, from version 5 on, as far as it is used here. */
export interface NodeRedisCluster {
	readonly _options: object;
	readonly slots: readonly unknown[];
}

/** ioredis' cluster client, from version 5 on, as far as it is used here. */
export interface IoRedisCluster {
	readonly isCluster: boolean;
	readonly options: object;
}

/** What is used of ioredis' own options. */
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
 * The options of a cluster client of ioredis, in node-redis' terms. A duplicate of it would be of no use: it
 * moves subscriptions from node to node and tells nobody.
 */
export function ioRedisClusterOptions(client: IoRedisCluster): RedisClusterOptions {
	const { redisOptions, natMap, useSRVRecords }: IoRedisClusterSettings = client.options;
	if (useSRVRecords) {
		throw new ConfigurationError(
			"redis(): a cluster client that finds its nodes by SRV records cannot be handed in. Pass { rootNodes: [{ url }] }.",
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
