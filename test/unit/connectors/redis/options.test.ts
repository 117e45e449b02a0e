import { inspect } from "node:util";
import type { RedisClientOptions, RedisClusterOptions, RedisSentinelOptions } from "@redis/client";
import { describe, expect, expectTypeOf, test } from "vitest";
import { type RedisTarget, redis } from "../../../../src/connectors/redis.ts";

const url = "redis://127.0.0.1:7000";
const node = { host: "127.0.0.1", port: 26_379 };
const group = { name: "mymaster", sentinelRootNodes: [node] };

/** The TypeError's message. The whole error is checked for the passwords used below. */
function refusal(target: unknown, options?: object): string {
	let error: unknown;
	try {
		redis(target as RedisTarget, options);
	} catch (thrown) {
		error = thrown;
	}
	expect(error).toBeInstanceOf(TypeError);
	expect(inspect(error, { depth: 9, showHidden: true })).not.toContain("hunter2");
	return (error as TypeError).message;
}

describe("unknown fields are refused, and the error says what to write", () => {
	test.each<[field: string, target: object, says: RegExp]>([
		// Names of ioredis and other clients.
		["host", { host: "redis.example.invalid", port: 6380 }, /socket: \{ host, port \}/],
		["port", { port: 6380 }, /socket: \{ host, port \}/],
		["hostname", { hostname: "redis.example.invalid" }, /socket: \{ host, port \}/],
		["path", { path: "/run/redis.sock" }, /socket: \{ path \}/],
		["db", { url, db: 3 }, /database/],
		["family", { url, family: 6 }, /socket: \{ family \}/],
		["tls", { url, tls: {} }, /socket: \{ tls: true \}/],
		["ca", { url, ca: "…" }, /socket: \{ tls: true, ca \}/],
		["auth", { auth: "hunter2" }, /password/],
		["pass", { pass: "hunter2" }, /password/],
		["user", { user: "hunter2" }, /username/],
		["sentinels", { sentinels: [node], name: "mymaster" }, /sentinelRootNodes/],
		["nodes", { nodes: [node] }, /rootNodes/],
		["startupNodes", { startupNodes: [node] }, /rootNodes/],
		["redisOptions", { redisOptions: { password: "hunter2" } }, /defaults/],
		["retryStrategy", { url, retryStrategy: () => 1 }, /reconnects by itself/],
		["retry_strategy", { url, retry_strategy: () => 1 }, /reconnects by itself/],
		["maxRetriesPerRequest", { url, maxRetriesPerRequest: null }, /reconnects by itself/],
		["lazyConnect", { url, lazyConnect: true }, /reconnects by itself/],
		["connectTimeout", { url, connectTimeout: 100 }, /redis\(target, \{ timeout \}\)/],
		["connectionName", { url, connectionName: "x" }, /name/],
		// Our own options in the wrong place.
		["history", { url, history: {} }, /redis\(target, \{ history \}\)/],
		["timeout", { url, timeout: 100 }, /redis\(target, \{ timeout \}\)/],
		// Misspelt names.
		["URL", { URL: "redis://:hunter2@localhost" }, /Did you mean url\?/],
		["ur", { ur: url }, /Did you mean url\?/],
		["uri", { uri: url }, /Did you mean url\?/],
		["sockets", { sockets: node }, /Did you mean socket\?/],
		["passwrod", { url, passwrod: "hunter2" }, /Did you mean password\?/],
		["userName", { url, userName: "hunter2" }, /Did you mean username\?/],
		["something", { something: "hunter2" }, /The options are url, /],
	])("of a client, Cluster or Sentinel group: %s", (field, target, says) => {
		const message = refusal(target);
		expect(message).toMatch(new RegExp(`^redis\\(\\): ${field}: unknown option\\. `));
		expect(message).toMatch(says);
	});

	test.each<[where: string, target: object, says: RegExp]>([
		["rootNodes[0].host", { rootNodes: [node] }, /socket: \{ host, port \}/],
		["rootNodes[1].db", { rootNodes: [{ url }, { url, db: 1 }] }, /database/],
		["defaults.tls", { rootNodes: [{ url }], defaults: { tls: {} } }, /socket: \{ tls: true \}/],
		["default", { rootNodes: [{ url }], default: {} }, /Did you mean defaults\?/],
		["redisOptions", { rootNodes: [{ url }], redisOptions: {} }, /Did you mean defaults\?/],
		["password", { rootNodes: [{ url }], password: "hunter2" }, /defaults: \{ password \}/],
		["natMap", { rootNodes: [{ url }], natMap: {} }, /nodeAddressMap/],
		["password", { ...group, password: "hunter2" }, /nodeClientOptions: \{ password \}/],
		["sentinelPassword", { ...group, sentinelPassword: "hunter2" }, /sentinelClientOptions/],
		["db", { ...group, db: 1 }, /nodeClientOptions: \{ database \}/],
		["nodeClientOptions.db", { ...group, nodeClientOptions: { db: 1 } }, /database/],
		["sentinelClientOptions.host", { ...group, sentinelClientOptions: node }, /socket/],
		[
			"sentinelRootNodes[0].password",
			{ name: "x", sentinelRootNodes: [{ ...node, password: "hunter2" }] },
			/sentinelClientOptions: \{ password \}/,
		],
		["socket.password", { socket: { ...node, password: "hunter2" } }, /beside socket/],
		["socket.db", { socket: { ...node, db: 1 } }, /database beside socket/],
		["socket.url", { socket: { url: "redis://:hunter2@localhost" } }, /url beside socket/],
		["socket.hostname", { socket: { hostname: "localhost" } }, /host/],
		[
			"socket.retryStrategy",
			{ socket: { ...node, retryStrategy: () => 1 } },
			/reconnects by itself/,
		],
	])("inside a nested part: %s", (where, target, says) => {
		const message = refusal(target);
		expect(message.startsWith(`redis(): ${where}: unknown option. `), message).toBe(true);
		expect(message).toMatch(says);
	});

	test.each<[what: string, target: unknown, says: RegExp]>([
		["a URL that is undefined", { url: undefined }, /url: is undefined/],
		["a URL object", new URL("redis://:hunter2@localhost"), /as a string: url\.href/],
		["a promise", Promise.resolve(), /is a promise; await it/],
		["a Map", new Map([["host", "x"]]), /must be a plain object/],
		["a list", ["redis://:hunter2@localhost"], /unknown option/],
		["a URL as host", { socket: { host: "redis://:hunter2@localhost" } }, /socket\.host: must be/],
		["host and port in one", { socket: { host: "localhost:6379" } }, /a port goes to port/],
		["an empty host", { socket: { host: "" } }, /socket\.host: must be/],
		["a port that is no number", { socket: { host: "x", port: Number.NaN } }, /socket\.port: must/],
		["a port that is no port", { socket: { host: "x", port: 65_536 } }, /socket\.port: must be/],
		["a node that is a string", { rootNodes: ["redis://:hunter2@x"] }, /rootNodes\[0\] must be an/],
		["no nodes", { rootNodes: [] }, /rootNodes must be a list/],
		[
			"a Sentinel that is a URL",
			{ ...group, sentinelRootNodes: [{ url }] },
			/\[0\]\.host: must be/,
		],
		["a Sentinel that is a string", { ...group, sentinelRootNodes: ["x:1"] }, /\[0\]\.host: must/],
		["a group without a name", { sentinelRootNodes: [node] }, /name: "mymaster"/],
	])("a wrong value: %s", (_, target, says) => {
		expect(refusal(target)).toMatch(says);
	});

	test.each<[field: string, options: object, says: RegExp]>([
		["password", { password: "hunter2" }, /Pass it in the target/],
		["socket", { socket: node }, /Pass it in the target/],
		["maxLength", { maxLength: 5 }, /history: \{ maxLength/],
		["timeOut", { timeOut: 5 }, /Did you mean timeout\?/],
		["pingInterwal", { pingInterwal: 5 }, /Did you mean pingInterval\?/],
		["history.maxSeconds", { history: { maxSeconds: 5 } }, /The options are maxLength, maxAge/],
		["history.maxlength", { history: { maxlength: 5 } }, /Did you mean maxLength\?/],
	])("in the second argument: %s", (field, options, says) => {
		const message = refusal(url, options);
		expect(message).toContain(`${field}: unknown option. `);
		expect(message).toMatch(says);
	});
});

describe("all options of node-redis are accepted", () => {
	// The compiler requires each field of node-redis' types here.
	const client: Required<RedisClientOptions> = {
		...{ url, username: "u", password: "p", name: "n", database: 1, keyPrefix: "k" },
		socket: { host: "::1", port: 1, tls: false, family: 6, noDelay: true, keepAlive: true },
		credentialsProvider: { type: "async-credentials-provider", credentials: async () => ({}) },
		...{ commandsQueueMaxLength: 1, disableOfflineQueue: true, readonly: false, pingInterval: 1 },
		...{ commandOptions: {}, clientSideCache: {} as never, himportRegistry: {} as never },
		...{ disableClientInfo: true, clientInfoTag: "x", emitInvalidate: false },
		...{ maintNotifications: "auto", maintEndpointType: "auto" },
		...{ maintRelaxedCommandTimeout: 1, maintRelaxedSocketTimeout: 1 },
		...{ modules: {}, functions: {}, scripts: {}, RESP: 3 },
	};
	const cluster: Required<RedisClusterOptions> = {
		...{ rootNodes: [{ url }], defaults: { password: "p" }, nodeAddressMap: {} },
		...{ minimizeConnections: true, useReplicas: false, maxCommandRedirections: 1 },
		topologyRefreshOnReconnectionAttemptStrategy: false,
		...{ clientSideCache: {} as never, himportRegistry: {} as never },
		...{ commandOptions: {}, keyPrefix: "k", modules: {}, functions: {}, scripts: {}, RESP: 3 },
	};
	const sentinel: Required<RedisSentinelOptions> = {
		...{ ...group, nodeClientOptions: {}, sentinelClientOptions: {}, nodeAddressMap: {} },
		...{ maxCommandRediscovers: 1, masterPoolSize: 1, replicaPoolSize: 0, scanInterval: 1 },
		...{ passthroughClientErrorEvents: false, reserveClient: false },
		...{ clientSideCache: {} as never, commandOptions: {}, keyPrefix: "k" },
		...{ modules: {}, functions: {}, scripts: {}, RESP: 3 },
	};
	test.each<[what: string, target: RedisTarget]>([
		["a client's options", client],
		["a Cluster's", cluster],
		["a Sentinel group's", sentinel],
		["fields that are undefined, and so say nothing", { url, host: undefined } as RedisTarget],
		["an address with a zone", { socket: { host: "fe80::1%eth0", port: 6379 } }],
		["a host with an underscore", { socket: { host: "redis_1.internal" } }],
		["a port as text", { socket: { host: "localhost", port: "6380" } }],
		["options without a prototype", Object.assign(Object.create(null), { url })],
		[
			"options that are an instance",
			new (class Config {
				url = url;
			})(),
		],
	])("%s", async (_, target) => {
		await redis(target).close();
	});

	test("the compiler refuses wrong options as well", () => {
		expectTypeOf<RedisClientOptions>().toExtend<RedisTarget>();
		expectTypeOf<RedisClusterOptions>().toExtend<RedisTarget>();
		expectTypeOf<RedisSentinelOptions>().toExtend<RedisTarget>();
		// @ts-expect-error ioredis' options
		expect(() => redis({ host: "redis.example.invalid", port: 6380 })).toThrow(TypeError);
		// @ts-expect-error misspelt
		expect(() => redis({ passwrod: "hunter2" })).toThrow(TypeError);
		const ioredis = { host: "redis.example.invalid", port: 6380 };
		// @ts-expect-error and not as a literal
		expect(() => redis(ioredis)).toThrow(TypeError);
		// @ts-expect-error ours, in the wrong place
		expect(() => redis({ url, history: {} })).toThrow(TypeError);
	});
});
