import { createClient, createClientPool, createSentinel } from "@redis/client";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type NodeRedisOptions, redis } from "../../src/connectors/redis.ts";
import { Recorder } from "../../src/testing.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { until } from "../support/wait.ts";
import { handedIn, suiteOf } from "./clauses.ts";
import { broker, harness, history, options, password } from "./redis-harness.ts";

let server: RedisServer;
let nodeRedis: ReturnType<typeof nodeRedisClient>;
let ioRedis: Redis;

beforeAll(async () => {
	server = await startRedis({ password });
	nodeRedis = nodeRedisClient();
	await nodeRedis.connect();
	ioRedis = ioRedisClient();
});

afterAll(async () => {
	nodeRedis.destroy();
	ioRedis.disconnect();
	await server.stop();
});

const { pause: _pause, resume: _resume, ...unfreezable } = broker(() => server);

suiteOf(handedIn)("redis, a node-redis client handed in", {
	...harness(() => server),
	broker: { ...unfreezable, clients },
	connect: () => redis(nodeRedis, options),
	history: history(
		() => server,
		(history) => redis(nodeRedis, { ...options, history }),
	),
	borrow: async () => {
		const client = nodeRedisClient();
		await client.connect();
		return {
			connector: redis(client, options),
			check: async () => void (await client.ping()),
			release: async () => client.destroy(),
		};
	},
	lacks: {
		freeze:
			"the client is connected when a frozen publish begins, and takes no written byte back; see below",
	},
});

suiteOf(handedIn)("redis, an ioredis client handed in", {
	...harness(() => server),
	broker: { ...broker(() => server), clients },
	connect: () => redis(ioRedis, options),
	history: history(
		() => server,
		(history) => redis(ioRedis, { ...options, history }),
	),
	borrow: () => {
		const client = ioRedisClient();
		return {
			connector: redis(client, options),
			check: async () => void (await client.ping()),
			release: async () => client.disconnect(),
		};
	},
});

describe("a node-redis client that the caller passes in", () => {
	test("publishes itself, and is duplicated to subscribe", async () => {
		const connector = redis(nodeRedis, options);
		const recorder = new Recorder();
		await connector.subscribe("room", recorder);
		expect(await clients()).toBe(1);
		await connector.publish("room", "hello");
		await recorder.saw("hello");
		expect(await clients()).toBe(1);
		await connector.close();
	});

	test("that froze makes publish reject in time, and unsubscribe and close go on", async () => {
		const connector = redis(nodeRedis, options);
		const { unsubscribe } = await connector.subscribe("room", new Recorder());
		server.pause();
		try {
			// It stays frozen until all of this has ended.
			await expect(connector.publish("room", "x")).rejects.toMatchObject({ code: "unavailable" });
			await unsubscribe();
			await connector.close();
		} finally {
			server.resume();
		}
	});

	test("that was never connected, or was closed, is an error at once", async () => {
		const client = nodeRedisClient();
		// Longer than this test may take: the error is not a timeout.
		const connector = redis(client, { timeout: 600_000 });
		await expect(connector.publish("room", "x")).rejects.toMatchObject({
			code: "unavailable",
			message: expect.stringContaining("connect()"),
		});
		await client.connect();
		expect(await connector.publish("room", "x")).toEqual({ receivers: 0 });
		client.destroy();
		await expect(connector.publish("room", "x")).rejects.toMatchObject({ code: "unavailable" });
		await connector.close();
	});

	test("has as many listeners after close as before", async () => {
		const count = () => nodeRedis.listenerCount("error") + nodeRedis.listenerCount("ready");
		const before = count();
		const connector = redis(nodeRedis, options);
		await connector.publish("room", "x");
		expect(count()).toBeGreaterThan(before);
		await connector.close();
		expect(count()).toBe(before);
	});

	test.each([
		{ RESP: 3 as const, clientSideCache: { ttl: 1_000 } },
		{ RESP: 2 as const, disableOfflineQueue: true },
		{ name: "mine", commandOptions: { timeout: 20_000 } },
	])("may have been made with %j", async (own) => {
		const client = nodeRedisClient(own);
		await client.connect();
		const connector = redis(client, options);
		const recorder = new Recorder();
		await connector.subscribe("room", recorder);
		await connector.publish("room", "hello");
		await recorder.saw("hello");
		await connector.close();
		client.destroy();
	});

	test("may have a timeout for silence: the duplicate that subscribes has none", async () => {
		const client = nodeRedisClient({ socket: { socketTimeout: 1_000 }, pingInterval: 100 });
		await client.connect();
		const connector = redis(client, { timeout: 20_000, pingInterval: 0 });
		const recorder = new Recorder();
		await connector.subscribe("room", recorder);
		const silence = performance.now() + 4_000;
		await until(() => performance.now() > silence, { what: "a silence four times as long" });
		await server.command("PUBLISH", "room", "still here");
		await recorder.saw("still here");
		expect(recorder.events).toEqual([]);
		await connector.close();
		client.destroy();
	});
});

test("an ioredis client's key prefix and offline queue make no difference", async () => {
	const client = ioRedisClient({ keyPrefix: "app:", enableOfflineQueue: false, lazyConnect: true });
	const connector = redis(client, options);
	const recorder = new Recorder();
	await connector.subscribe("room", recorder);
	await server.command("PUBLISH", "room", "from outside");
	await connector.publish("room", "from inside");
	await recorder.saw("from inside");
	expect(recorder.messages).toEqual(["from outside", "from inside"]);
	expect(client.status).toBe("wait");
	await connector.close();
});

test("clients of other kinds are refused by name", () => {
	expect(() => redis(createClientPool({ url: server.url }))).toThrow(/unsupported client/);
	const sentinel = createSentinel({
		name: "x",
		sentinelRootNodes: [{ host: "localhost", port: 1 }],
	});
	expect(() => redis(sentinel as unknown as NodeRedisOptions)).toThrow(/sentinelRootNodes/);
	expect(() => redis(nodeRedis, { sharded: true })).toThrow(/needs a Cluster/);
});

/** Connections besides the two clients here, which reconnect at their own time after an outage. */
async function clients(): Promise<number> {
	await until(() => nodeRedis.isReady && ioRedis.status === "ready", {
		what: "the clients handed in to be connected again",
	});
	return (await server.clients()) - 2;
}

function nodeRedisClient(own: Parameters<typeof createClient>[0] = {}) {
	const client = createClient({ url: server.url, socket: { reconnectStrategy: 50 }, ...own });
	client.on("error", noticed);
	return client;
}

function ioRedisClient(own = {}) {
	const client = new Redis(server.port, { password, retryStrategy: () => 50, ...own });
	client.on("error", noticed);
	return client;
}

function noticed(): void {
	// The servers of these tests come and go. A client without an error listener would throw.
}
