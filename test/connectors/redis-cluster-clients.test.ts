import { createCluster } from "@redis/client";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RedisTarget, redis } from "../../src/connectors/redis.ts";
import type { Connector } from "../../src/core/connector.ts";
import { Recorder } from "../../src/testing.ts";
import { type RedisCluster, startCluster } from "../support/redis-cluster.ts";
import { options, password } from "./redis-harness.ts";

let cluster: RedisCluster;

beforeAll(async () => {
	cluster = await startCluster({ password });
});

afterAll(() => cluster.stop());

const port = (i: number) => cluster.nodes[i]?.port ?? 0;

/** Channels of every node: each arrives, with history and without. */
async function works(target: RedisTarget): Promise<void> {
	for (const own of [{}, { sharded: true }, { history: {} }, { sharded: true, history: {} }]) {
		const connector = redis(target, { ...options, ...own });
		await hears(connector, 12);
		await connector.close();
	}
}

async function hears(connector: Connector, channels: number): Promise<void> {
	for (let i = 0; i < channels; i++) {
		const recorder = new Recorder();
		await connector.subscribe(`room.${i}`, recorder);
		const { id, receivers } = await connector.publish(`room.${i}`, '{"data":1}');
		expect(receivers).toBe(1);
		await recorder.saw(id === undefined ? '{"data":1}' : `{"id":"${id}","data":1}`);
		expect(recorder.events).toEqual([]);
	}
}

describe("a cluster client that the caller passes in", () => {
	test("of node-redis is unchanged afterwards", async () => {
		const client = createCluster({
			rootNodes: [{ url: `redis://127.0.0.1:${port(0)}` }],
			defaults: { password },
		});
		await works(client);
		expect(client.isOpen).toBe(false);
		await client.connect();
		await works(client);
		await client.set("key", "value");
		expect(await client.get("key")).toBe("value");
		client.destroy();
	});

	test("of ioredis is unchanged afterwards", async () => {
		const client = new Redis.Cluster([{ host: "127.0.0.1", port: port(1) }], {
			lazyConnect: true,
			keyPrefix: "app:",
			redisOptions: { password },
		});
		await works(client);
		expect(client.status).toBe("wait");
		await client.connect();
		await works(client);
		await client.set("key", "value");
		expect(await client.get("key")).toBe("value");
		client.disconnect();
	});

	test.each([
		["a port", () => port(2)],
		["host and port", () => `127.0.0.1:${port(2)}`],
		["a URL", () => `redis://:${encodeURIComponent(password)}@127.0.0.1:${port(2)}`],
	])("of ioredis works with nodes given by %s", async (_, node) => {
		const client = new Redis.Cluster([node()], { lazyConnect: true, redisOptions: { password } });
		const connector = redis(client, options);
		await hears(connector, 3);
		await connector.close();
	});
});

test("one root node is enough, and its user and password are used for all", async () => {
	const [first] = cluster.rootNodes;
	await works({ rootNodes: first === undefined ? [] : [first] });
});

test("a root node that is down does not matter while another is up", async () => {
	const gone = { url: `redis://127.0.0.1:1` };
	const rootNodes = [gone, { socket: { host: "127.0.0.1", port: port(0) } }];
	const connector = redis({ rootNodes, defaults: { password } }, options);
	await hears(connector, 3);
	await connector.close();
});

test("a node is reached where nodeAddressMap says it is", async () => {
	const asked: string[] = [];
	const connector = redis(
		{
			rootNodes: [{ url: "redis://localhost:1" }],
			defaults: { password },
			nodeAddressMap: (address) => {
				asked.push(address);
				return address === "localhost:1" ? { host: "127.0.0.1", port: port(0) } : undefined;
			},
		},
		options,
	);
	await hears(connector, 12);
	expect(asked).toEqual(
		expect.arrayContaining(cluster.nodes.map((node) => `127.0.0.1:${node.port}`)),
	);
	await connector.close();
});

test("each node has one publishing connection, one connection subscribes, and all are gone after close", async () => {
	const clients = () => cluster.sum((node) => node.clients());
	const connector = redis({ rootNodes: cluster.rootNodes }, options);
	expect(await clients()).toBe(0);
	await hears(connector, 60);
	// And one that watches the slots, at any node.
	expect(await clients()).toBeLessThanOrEqual(2 * cluster.nodes.length + 1);
	await connector.close();
	await expect.poll(clients).toBe(0);
});

test("a connection per use: later publishes do not ask for the slots again", async () => {
	const connector = redis({ rootNodes: cluster.rootNodes }, { ...options, scope: "request" });
	const asked = () => cluster.sum((node) => node.calls("cluster|slots"));
	await connector.publish("room", "x");
	const before = await asked();
	for (let i = 0; i < 5; i++) await connector.publish(`room.${i}`, "x");
	expect(await asked()).toBe(before);
	await hears(connector, 3);
	await connector.close();
	await expect.poll(() => cluster.sum((node) => node.clients())).toBe(0);
});

test("a single server's URL that leads into a Cluster gets another error than a wrong password", async () => {
	const refusals: string[] = [];
	for (const { url } of cluster.rootNodes) {
		const connector = redis(url, { ...options, history: {} });
		await connector.publish("room", '{"data":1}').catch((error) => refusals.push(error.message));
		await connector.close();
	}
	expect(refusals).toHaveLength(2);
	for (const message of refusals) expect(message).toMatch(/rootNodes/);
});
