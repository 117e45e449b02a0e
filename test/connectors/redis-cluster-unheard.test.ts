import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type RedisOptions, redis } from "../../src/connectors/redis.ts";
import { Recorder } from "../../src/testing.ts";
import { type RedisCluster, startCluster } from "../support/redis-cluster.ts";
import type { RedisServer } from "../support/redis-server.ts";
import { type TcpProxy, tcpProxy } from "../support/tcp-proxy.ts";
import { until } from "../support/wait.ts";

/** Slots that leave a node and are back before the next check. */

let cluster: RedisCluster;

beforeAll(async () => {
	cluster = await startCluster();
});

afterAll(() => cluster.stop());

// node-redis misses that the server ends a subscription while another answer is pending. The next check of the
// slots repairs that, unless the slot is back by then. Then nothing has changed, and no message ever arrives.
test("a sharded subscription that the server ended unseen is resubscribed", async () => {
	await using path = await proxied();
	const name = unique();
	const home = await cluster.owner(name);
	const connector = path.connect({ pingInterval: 500 });
	const recorder = new Recorder();
	await connector.subscribe(name, recorder);

	path.mute(true);
	await thereAndBack(name);
	expect(await listeners(home, name)).toBe(0);
	const asked = async () => String(await home.command("CLIENT", "LIST"));
	await until(async () => (await asked()).includes("cmd=ping"), { what: "the heartbeat" });
	path.mute(false);

	await recorder.heard("restored");
	expect(await connector.publish(name, "hello")).toEqual({ receivers: 1 });
	await recorder.saw("hello");
	expect(recorder.events).toEqual(["lost", "restored"]);
	await connector.close();
});

test("a sharded subscription that the server ended right after the confirmation is resubscribed", async () => {
	await using path = await proxied();
	const name = unique();
	const home = await cluster.owner(name);
	const connector = path.connect({});
	// So that the connection and the route to it exist.
	await connector.subscribe(await channelAt(home), new Recorder());

	path.mute(true);
	const recorder = new Recorder();
	const subscribing = connector.subscribe(name, recorder);
	await until(async () => (await listeners(home, name)) === 1, { what: "the subscription" });
	await thereAndBack(name);
	expect(await listeners(home, name)).toBe(0);
	path.mute(false);

	await subscribing;
	expect(await connector.publish(name, "hello")).toEqual({ receivers: 1 });
	await recorder.saw("hello");
	await connector.close();
});

/** A proxy to every node, on which answers can be held back. */
async function proxied() {
	const proxies = new Map<string, TcpProxy>();
	for (const node of cluster.nodes) proxies.set(`127.0.0.1:${node.port}`, await tcpProxy(node));
	const nodeAddressMap = (address: string) => {
		const { host, port } = proxies.get(address) ?? fail(`There is no proxy for ${address}.`);
		return { host, port };
	};
	const { rootNodes } = cluster;
	return {
		connect: (own: RedisOptions) =>
			redis(
				{ rootNodes, nodeAddressMap },
				{ timeout: 10_000, pingInterval: 60_000, sharded: true, ...own },
			),
		mute: (on: boolean) => {
			for (const proxy of proxies.values()) proxy.mute(on);
		},
		[Symbol.asyncDispose]: async () => {
			for (const proxy of proxies.values()) await proxy.close();
		},
	};
}

async function thereAndBack(name: string): Promise<void> {
	const home = await cluster.owner(name);
	const away = cluster.nodes.find((each) => each !== home) ?? fail("There are three masters.");
	await cluster.move(name, away);
	await cluster.move(name, home);
}

async function channelAt(node: RedisServer): Promise<string> {
	for (;;) {
		const name = unique();
		if ((await cluster.owner(name)) === node) return name;
	}
}

function unique(): string {
	return `room.${randomBytes(4).toString("hex")}`;
}

async function listeners(node: RedisServer, name: string): Promise<number> {
	const reply = await node.command("PUBSUB", "SHARDNUMSUB", name);
	return Array.isArray(reply) ? Number(reply[1]) : 0;
}

function fail(message: string): never {
	throw new Error(message);
}
