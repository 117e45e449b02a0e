import { afterAll, beforeAll, expect, test } from "vitest";
import { redis } from "../../src/connectors/redis.ts";
import { type RedisCluster, startCluster } from "../support/redis-cluster.ts";
import type { Broker } from "./scene.ts";
import { comeAndGo } from "./suite/reading.ts";

let cluster: RedisCluster;
beforeAll(async () => {
	cluster = await startCluster();
});
afterAll(() => cluster.stop());

const broker: Broker = {
	connect: (history) => redis({ rootNodes: cluster.rootNodes }, { timeout: 5_000, history }),
	foreign: () => Promise.reject(new Error("Nothing foreign is published here.")),
	shared: true,
	wipe: () => Promise.reject(new Error("Nothing is wiped here.")),
	reads: () => Promise.resolve(0),
	commands: () => Promise.resolve(0),
};

// Each channel has a slot, and so a node, of its own.
test("32 channels of a Cluster, joined and left one by one under load", async () => {
	expect((await cluster.masters()).length).toBeGreaterThan(1);
	await comeAndGo(broker);
});
