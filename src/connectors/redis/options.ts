import { type Advice, checkMisplaced, checkNames } from "../../core/known-names.ts";
import { addressOf, describe } from "./address.ts";
import type { NodeRedisOptions } from "./clients/node-redis.ts";
import type { NodeAddress, RedisClusterOptions } from "./cluster/options.ts";
import type { RedisSentinelOptions } from "./sentinel.ts";

/**
 * Checks node-redis' options. ioredis has other names and places for them, and node-redis
 * ignores unknown ones: it would dial localhost instead.
 */

const clientNames = [
	"url username password credentialsProvider name database socket RESP modules functions scripts",
	"commandOptions keyPrefix commandsQueueMaxLength disableOfflineQueue readonly pingInterval",
	"clientSideCache himportRegistry disableClientInfo clientInfoTag emitInvalidate",
	"maintNotifications maintEndpointType maintRelaxedCommandTimeout maintRelaxedSocketTimeout",
	"legacyMode isolationPoolOptions unstableResp3 unstableResp3Modules",
] as const;

const clusterNames = [
	"rootNodes defaults nodeAddressMap RESP modules functions scripts commandOptions keyPrefix",
	"minimizeConnections useReplicas maxCommandRedirections clientSideCache himportRegistry",
	"topologyRefreshOnReconnectionAttemptStrategy",
] as const;

const sentinelNames = [
	"name sentinelRootNodes nodeClientOptions sentinelClientOptions nodeAddressMap RESP modules",
	"functions scripts commandOptions keyPrefix maxCommandRediscovers masterPoolSize",
	"replicaPoolSize scanInterval passthroughClientErrorEvents reserveClient clientSideCache",
] as const;

const reconnecting =
	"Leave it out: this connector reconnects by itself. Its timeout: redis(target, { timeout }).";

const advice: Advice = [
	["Write socket: { host, port }.", "host port hostname"],
	["Write socket: { path }.", "path"],
	["Write socket: { family }.", "family"],
	["Write socket: { tls: true }.", "tls ssl"],
	["Write socket: { tls: true, ca }.", "ca"],
	["Write socket: { tls: true, cert, key }.", "cert key"],
	["Write socket: { tls: true, … }.", "rejectUnauthorized servername"],
	["Write socket: { … }.", "noDelay keepAlive"],
	["Did you mean url?", "uri connectionString href addr"],
	["Did you mean database?", "db"],
	["Did you mean username?", "user"],
	["Did you mean password?", "pass auth auth_pass"],
	["Did you mean name?", "connectionName"],
	["Did you mean RESP?", "protocol"],
	["Did you mean defaults?", "redisOptions"],
	["Leave it out, or see channels: { prefix } of ServerSentEvents.", "prefix"],
	[
		"A Sentinel group is { name, sentinelRootNodes: [{ host, port }], nodeClientOptions, sentinelClientOptions }.",
		"sentinels sentinelPassword sentinelUsername sentinelTLS enableTLSForSentinelMode role",
	],
	[
		"A Cluster is { rootNodes: [{ url }], defaults, nodeAddressMap }.",
		"nodes startupNodes servers natMap scaleReads",
	],
	[
		reconnecting,
		"retryStrategy retry_strategy reconnectStrategy retry sentinelRetryStrategy clusterRetryStrategy reconnectOnError maxRetriesPerRequest lazyConnect connectTimeout commandTimeout socketTimeout connectionTimeout enableOfflineQueue enableReadyCheck autoResubscribe slotsRefreshTimeout",
	],
	["Write redis(target, { timeout }).", "timeout"],
	["Write redis(target, { history }).", "history"],
	["Write redis(target, { scope, sharded }).", "scope sharded"],
];

/** Options of a single client, where the target is a list of servers. */
const inside = (home: string): Advice => [
	[`Write ${home}: { username }.`, "username user"],
	[`Write ${home}: { password }.`, "password pass auth"],
	[`Write ${home}: { database }.`, "database db"],
	[`Write ${home}: { socket }.`, "socket tls"],
	["Did you mean nodeAddressMap?", "natMap"],
	...advice,
];

/**
 * Options that belong beside `socket`, or have another name in it. All others in it are for
 * Node's `net` and `tls`.
 */
const notInSocket: Advice = [
	["Write url beside socket.", "url uri"],
	["Write username beside socket.", "username user"],
	["Write password beside socket.", "password pass auth"],
	["Write database beside socket.", "database db"],
	["Write name beside socket.", "name"],
	["Did you mean host?", "hostname address"],
	["Write tls: true.", "ssl"],
	[reconnecting, "retryStrategy retry_strategy"],
];

/** @param field where the options are, such as `defaults.`; `""`: they are the target itself. */
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
	checkNames("redis(): ", options, clusterNames, inside("defaults"));
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
	checkNames("redis(): ", options, sentinelNames, inside("nodeClientOptions"));
	const { name, sentinelRootNodes, nodeClientOptions, sentinelClientOptions } = options;
	if (typeof name !== "string" || !Array.isArray(sentinelRootNodes) || !sentinelRootNodes.length) {
		throw new TypeError(
			'redis(): a Sentinel group is { name: "mymaster", sentinelRootNodes: [{ host, port: 26379 }] }.',
		);
	}
	const nodes: readonly NodeAddress[] = sentinelRootNodes;
	for (const [index, node] of nodes.entries()) {
		const where = `redis(): sentinelRootNodes[${index}].`;
		if (typeof node !== "object" || node === null || typeof node.host !== "string") {
			throw new TypeError(`${where}host: must be a string, as in { host, port: 26379 }.`);
		}
		checkNames(where, node, ["host port"], inside("sentinelClientOptions"));
		checkSocket(where, node);
	}
	if (nodeClientOptions !== undefined) checkClientOptions("nodeClientOptions.", nodeClientOptions);
	if (sentinelClientOptions !== undefined) {
		checkClientOptions("sentinelClientOptions.", sentinelClientOptions);
	}
}

function checkSocket(where: string, given: unknown): void {
	if (typeof given !== "object" || given === null) return;
	checkMisplaced(where, given, notInSocket);
	const { host, port }: { host?: unknown; port?: unknown } = given;
	// An error would show all of it, with the password of a URL.
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

/** A name, or an IP address of either version, also with a zone. */
function isHost(text: string): boolean {
	const isAddress = text.split(":").length > 2 && /^\[?[0-9a-f:.]+(%[\w.-]+)?\]?$/i.test(text);
	return isAddress || /^[^\s/@?#\\:[\]]+$/.test(text);
}
