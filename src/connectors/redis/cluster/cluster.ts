import { addressOf, fields } from "../address.ts";
import { type NodeRedisOptions, nodeRedisDriver } from "../clients/node-redis.ts";
import type { RedisDriver } from "../driver.ts";
import type { AddressMap, NodeAddress, RedisClusterOptions } from "./options.ts";
import { ClusterMap, hostOf, portOf } from "./slot-map.ts";

/** A Cluster, shared by its publisher and its subscriber. */
export interface Cluster {
	/** For error messages, without credentials. */
	readonly address: string;
	readonly map: ClusterMap;
	/** Connects to the node at `host:port`. */
	driver(address: string): RedisDriver;
}

/** @param sharded subscribes with SSUBSCRIBE. */
export function cluster(options: RedisClusterOptions, sharded: boolean): Cluster {
	const { rootNodes, defaults = {}, nodeAddressMap } = options;
	const [first = {}] = rootNodes;
	const seeds = rootNodes.map((node) => addressOf(node));
	const common = forEveryNode(defaults, first);
	return {
		address: `the Cluster at ${seeds[0]}`,
		map: new ClusterMap(seeds),
		driver(address) {
			const socket = { ...common.socket, ...whereIs(address, nodeAddressMap) };
			return nodeRedisDriver({ ...common, socket }, address, sharded ? "sharded" : "guarded");
		},
	};
}

/**
 * node-redis would use the first node's user, password and TLS only for that node, and fail at
 * the others. No Cluster has such nodes.
 */
function forEveryNode(defaults: NodeRedisOptions, first: NodeRedisOptions): NodeRedisOptions {
	const { url, ...rest } = first;
	const socket = { ...fields(defaults.socket), ...fields(rest.socket) };
	if (url === undefined) return { ...defaults, ...rest, socket };
	const { username, password, protocol } = new URL(url);
	return {
		...defaults,
		...rest,
		...(username !== "" && { username: decodeURIComponent(username) }),
		...(password !== "" && { password: decodeURIComponent(password) }),
		socket: protocol === "rediss:" ? { ...socket, tls: true } : socket,
	};
}

export function whereIs(address: string, map: AddressMap | undefined): NodeAddress {
	const mapped = typeof map === "function" ? map(address) : map?.[address];
	// An IPv6 address has brackets in a URL, but not for a socket.
	const host = hostOf(address).replace(/^\[(.*)\]$/, "$1");
	return mapped ?? { host, port: portOf(address) };
}
