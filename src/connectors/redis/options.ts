import { type Advice, checkNames } from "../../core/known-names.ts";
import { addressOf, describe } from "./address.ts";
import type { NodeRedisOptions } from "./clients/node-redis.ts";
import type { RedisClusterOptions } from "./cluster/options.ts";
import type { RedisSentinelOptions } from "./sentinel.ts";

/**
 * Options of node-redis, and whether they are. ioredis' have other names and other places, and node-redis
 * ignores what it does not know: it would dial localhost instead.
 */

// Complete by their types: one that is forgotten here is an error of the compiler.
const clientNames = Object.keys({
	...{ url: 0, username: 0, password: 0, credentialsProvider: 0, name: 0, database: 0, socket: 0 },
	...{ RESP: 0, modules: 0, functions: 0, scripts: 0, commandOptions: 0, keyPrefix: 0 },
	...{ commandsQueueMaxLength: 0, disableOfflineQueue: 0, readonly: 0, pingInterval: 0 },
	...{ clientSideCache: 0, himportRegistry: 0, disableClientInfo: 0, clientInfoTag: 0 },
	...{ emitInvalidate: 0, maintNotifications: 0, maintEndpointType: 0 },
	...{ maintRelaxedCommandTimeout: 0, maintRelaxedSocketTimeout: 0 },
	...{ legacyMode: 0, isolationPoolOptions: 0, unstableResp3: 0, unstableResp3Modules: 0 },
} satisfies Record<keyof NodeRedisOptions, 0>);

const everyClient = { RESP: 0, modules: 0, functions: 0, scripts: 0, commandOptions: 0 } as const;

const clusterNames = Object.keys({
	...{ rootNodes: 0, defaults: 0, nodeAddressMap: 0, ...everyClient, keyPrefix: 0 },
	...{ minimizeConnections: 0, useReplicas: 0, maxCommandRedirections: 0, clientSideCache: 0 },
	...{ topologyRefreshOnReconnectionAttemptStrategy: 0, himportRegistry: 0 },
} satisfies Record<keyof RedisClusterOptions, 0>);

const sentinelNames = Object.keys({
	...{ name: 0, sentinelRootNodes: 0, nodeClientOptions: 0, sentinelClientOptions: 0 },
	...{ nodeAddressMap: 0, maxCommandRediscovers: 0, masterPoolSize: 0, replicaPoolSize: 0 },
	...{ scanInterval: 0, passthroughClientErrorEvents: 0, reserveClient: 0, clientSideCache: 0 },
	...{ ...everyClient, keyPrefix: 0 },
} satisfies Record<keyof RedisSentinelOptions, 0>);

const socket = (name: string) => `Write socket: { ${name} }.`;
const here = "Reconnecting and waiting are done here: redis(target, { timeout }). Leave it out.";
const nodes = "A Cluster is { rootNodes: [{ url }], defaults }.";
const sentinels =
	"A Sentinel group is { name, sentinelRootNodes: [{ host, port }], nodeClientOptions, sentinelClientOptions }.";

const advice: Advice = {
	...{ host: "Write socket: { host, port }.", port: "Write socket: { host, port }." },
	...{ hostname: "Write socket: { host, port }.", servers: nodes, addr: "Did you mean url?" },
	...{ path: socket("path"), family: socket("family"), tls: "Write socket: { tls: true }." },
	...{ ssl: "Write socket: { tls: true }.", ca: socket("tls: true, ca") },
	...{ cert: socket("tls: true, cert"), key: socket("tls: true, key") },
	...{ rejectUnauthorized: socket("tls: true, rejectUnauthorized") },
	...{ servername: socket("tls: true, servername"), noDelay: socket("noDelay") },
	...{ keepAlive: socket("keepAlive"), db: "Did you mean database?", uri: "Did you mean url?" },
	...{ connectionString: "Did you mean url?", href: "Did you mean url?", user: "Write username." },
	...{ pass: "Write password.", auth: "Write password.", auth_pass: "Write password." },
	...{ connectionName: "Did you mean name?", protocol: "Did you mean RESP?" },
	...{ prefix: "Leave it out, or see channelPrefix of ServerSentEvents." },
	...{
		sentinels,
		sentinelPassword: sentinels,
		sentinelUsername: sentinels,
		sentinelTLS: sentinels,
	},
	...{ sentinelRetryStrategy: here, enableTLSForSentinelMode: sentinels, role: sentinels },
	...{ nodes, startupNodes: nodes, redisOptions: "Did you mean defaults?", natMap: nodes },
	...{ clusterRetryStrategy: here, slotsRefreshTimeout: here, scaleReads: nodes },
	...{ retryStrategy: here, retry_strategy: here, reconnectStrategy: here, retry: here },
	...{ reconnectOnError: here, maxRetriesPerRequest: here, lazyConnect: here },
	...{ connectTimeout: here, commandTimeout: here, socketTimeout: here, connectionTimeout: here },
	...{ enableOfflineQueue: here, enableReadyCheck: here, autoResubscribe: here },
	...{ timeout: "Write redis(target, { timeout })." },
	...{ history: "Write redis(target, { history })." },
	...{ scope: "Write redis(target, { scope }).", sharded: "Write redis(target, { sharded })." },
};

/** What is a client's, where the target is a list of servers. */
const inside = (home: string): Advice => ({
	...{ username: `Write ${home}: { username }.`, user: `Write ${home}: { username }.` },
	...{ password: `Write ${home}: { password }.`, pass: `Write ${home}: { password }.` },
	...{ database: `Write ${home}: { database }.`, db: `Write ${home}: { database }.` },
	...{ socket: `Write ${home}: { socket }.`, tls: `Write ${home}: { socket: { tls: true } }.` },
	...{ natMap: "Did you mean nodeAddressMap?" },
});

/** What is at home beside `socket`, or has another name in it. Its other fields are for Node's `net` and `tls`. */
const notInSocket: Advice = {
	...{ url: "Write url beside socket.", uri: "Write url beside socket." },
	...{ username: "Write username beside socket.", user: "Write username beside socket." },
	...{ password: "Write password beside socket.", auth: "Write password beside socket." },
	...{ pass: "Write password beside socket.", database: "Write database beside socket." },
	...{ db: "Write database beside socket.", name: "Write name beside socket." },
	...{ hostname: "Did you mean host?", address: "Did you mean host?", ssl: "Write tls: true." },
	...{ retryStrategy: here, retry_strategy: here },
};

/** @param field where they stand, such as `defaults.`; `""`: they are the target itself. */
export function checkClientOptions(field: string, options: unknown): NodeRedisOptions {
	const where = `redis(): ${field}`;
	if (typeof options !== "object" || options === null) {
		throw new TypeError(`${where.replace(/\.$/, "")} must be an object, not ${describe(options)}.`);
	}
	const given: NodeRedisOptions = options;
	checkNames(where, given, clientNames, advice);
	if ("url" in given && given.url === undefined) {
		throw new TypeError(`${where}url: is undefined. Set it, or leave it out.`);
	}
	checkSocket(`${where}socket.`, given.socket);
	// Checks the URL.
	addressOf(given, field);
	return given;
}

export function checkClusterOptions(options: RedisClusterOptions): void {
	checkNames("redis(): ", options, clusterNames, { ...advice, ...inside("defaults") });
	const { rootNodes, defaults } = options;
	if (!Array.isArray(rootNodes) || rootNodes.length === 0) {
		throw new TypeError(
			'redis(): rootNodes must be a list of nodes, such as [{ url: "redis://127.0.0.1:7000" }].',
		);
	}
	for (const [index, node] of rootNodes.entries()) checkClientOptions(`rootNodes[${index}].`, node);
	if (defaults !== undefined) checkClientOptions("defaults.", defaults);
}

export function checkSentinelOptions(options: RedisSentinelOptions): void {
	checkNames("redis(): ", options, sentinelNames, {
		...advice,
		...inside("nodeClientOptions"),
		url: sentinels,
	});
	const { name, sentinelRootNodes, nodeClientOptions, sentinelClientOptions } = options;
	if (typeof name !== "string" || !Array.isArray(sentinelRootNodes) || !sentinelRootNodes.length) {
		throw new TypeError(
			'redis(): a Sentinel group is { name: "mymaster", sentinelRootNodes: [{ host, port: 26379 }] }.',
		);
	}
	for (const [index, node] of sentinelRootNodes.entries()) {
		const where = `redis(): sentinelRootNodes[${index}].`;
		if (typeof node !== "object" || node === null || typeof node.host !== "string") {
			throw new TypeError(`${where}host: must be a string, as in { host, port: 26379 }.`);
		}
		checkNames(where, node, ["host", "port"], {
			password: "Write sentinelClientOptions: { password }.",
			username: "Write sentinelClientOptions: { username }.",
		});
		checkSocket(where, node);
	}
	if (nodeClientOptions !== undefined) checkClientOptions("nodeClientOptions.", nodeClientOptions);
	if (sentinelClientOptions !== undefined) {
		checkClientOptions("sentinelClientOptions.", sentinelClientOptions);
	}
}

function checkSocket(where: string, given: unknown): void {
	if (typeof given !== "object" || given === null) return;
	const misplaced = Object.keys(given).filter((name) => Object.hasOwn(notInSocket, name));
	checkNames(where, Object.fromEntries(misplaced.map((name) => [name, 0])), [], notInSocket);
	const { host, port }: { host?: unknown; port?: unknown } = given;
	// In an error it would be shown whole, with the password of a URL.
	if (host !== undefined && (typeof host !== "string" || !isHost(host))) {
		throw new TypeError(
			`${where}host: must be a host name or an address alone; a port goes to port.`,
		);
	}
	const number = typeof port === "string" && port !== "" ? Number(port) : port;
	if (
		number === undefined ||
		(Number.isInteger(number) && Number(number) >= 0 && Number(number) < 65_536)
	) {
		return;
	}
	throw new TypeError(`${where}port: must be a whole number of up to 65535.`);
}

/** A name, or an address of either version of IP; with a zone, if need be. */
function isHost(text: string): boolean {
	const isAddress = text.split(":").length > 2 && /^\[?[0-9a-f:.]+(%[\w.-]+)?\]?$/i.test(text);
	return isAddress || /^[^\s/@?#\\:[\]]+$/.test(text);
}
