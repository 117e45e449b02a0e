import { randomBytes } from "node:crypto";
import { createClient } from "@redis/client";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RedisOptions, redis } from "../../src/connectors/redis.ts";
import { Recorder } from "../../src/testing.ts";
import { type RedisCluster, startCluster } from "../support/redis-cluster.ts";
import type { RedisServer } from "../support/redis-server.ts";
import { until } from "../support/wait.ts";
import { unAwaitedAcross } from "./fixtures/un-awaited.ts";
import { Flow } from "./redis-flow.ts";

let cluster: RedisCluster;

beforeAll(async () => {
	cluster = await startCluster({ replicas: true, nodeTimeout: 2_000 });
});

afterAll(() => cluster.stop());

/** Nothing here may wait for the regular check of the slots, unless it says so. */
const options = { timeout: 2_000, pingInterval: 60_000 };
const connect = (own: RedisOptions) =>
	redis({ rootNodes: cluster.rootNodes }, { ...options, ...own });

describe.each([
	["classic", false],
	["sharded", true],
])("%s pub/sub", (_, sharded) => {
	const flowing = (channel: string) =>
		new Flow(() => connect({ sharded, history: { maxLength: 1_000_000 } }), channel);

	/** Every message once, in order, none missing, no gap. */
	async function expectWhole(flow: Flow): Promise<void> {
		const kept = await flow.end();
		expect(flow.seen.map(({ id }) => id)).toEqual(kept);
		expect(kept).toEqual(expect.arrayContaining(flow.published));
		expect(flow.errors.filter(({ stage }) => stage !== "upstream")).toEqual([]);
		// Redis may block writers for seconds during a failover.
		for (const error of flow.refusals) expect(error).toMatchObject({ code: "unavailable" });
	}

	test("a slot that moves back and forth while messages flow loses and doubles none", async () => {
		const name = unique();
		const home = await cluster.owner(name);
		const flow = flowing(name);
		await flow.more(200);
		const away = await other(home);
		for (const target of [away, home, away]) {
			await cluster.move(name, target);
			await flow.more(200);
			// The subscription has followed: a publish is counted at the node that has the slot now.
			await until(async () => (await listeners(target, name, sharded)) === 1, {
				what: "the subscription at the slot's new node",
			});
			await flow.more(200);
		}
		await expectWhole(flow);
		expect(flow.refusals).toEqual([]);
		await cluster.ready();
	});

	test("a manual failover while messages flow loses and doubles none", async () => {
		const name = unique();
		const flow = flowing(name);
		await flow.more(200);
		await cluster.failover(await cluster.owner(name));
		await flow.more(500);
		await expectWhole(flow);
		await cluster.ready();
	});

	test("a manual failover: publishes without await keep the order of their calls", async () => {
		const name = unique();
		const { confirmed, stored } = await unAwaitedAcross(
			() => connect({ sharded, history: { maxLength: 1_000_000 } }),
			name,
			async () => cluster.failover(await cluster.owner(name)),
		);
		expect(stored).toEqual(expect.arrayContaining(confirmed));
		await cluster.ready();
	});

	test("a subscription that lands on a replica works, and moves off it", async () => {
		const slot = `{${unique()}}`;
		const connector = connect({ sharded });
		const home = await cluster.owner(slot);
		// A connection without subscriptions is not told what happens to its server.
		const first = await connector.subscribe(slot, new Recorder());
		await first.unsubscribe();
		const heir = await cluster.failover(home);
		await cluster.ready();
		const name = `${slot} late`;
		const recorder = new Recorder();
		await connector.subscribe(name, recorder);
		expect(await listeners(heir, name, sharded)).toBe(1);
		expect(await listeners(home, name, sharded)).toBe(0);
		expect(await connector.publish(name, "hello")).toEqual({ receivers: 1 });
		await recorder.saw("hello");
		expect(recorder.events).toEqual([]);
		await connector.close();
	});

	test("a master dies: its replica takes over, and channels of other nodes notice nothing", async () => {
		const name = unique();
		const flow = flowing(name);
		await flow.more(200);
		await flow.pause();
		const master = await cluster.owner(name);
		const far = await channelElsewhere(master);
		const bystander = connect({ sharded });
		const recorder = new Recorder();
		await bystander.subscribe(far, recorder);
		await cluster.heir(master, "with everything");
		await master.kill();
		flow.goOn();
		await flow.more(200);
		await bystander.publish(far, "at ease");
		await recorder.saw("at ease");
		expect(recorder.events).toEqual([]);
		await expectWhole(flow);
		await bystander.close();
		await master.restart();
		await cluster.ready();
	});
});

test("a master dies: publishes without await keep the order of their calls", async () => {
	const name = unique();
	const master = await cluster.owner(name);
	await unAwaitedAcross(
		() => connect({ history: { maxLength: 1_000_000 } }),
		name,
		async () => {
			await master.kill();
			await until(async () => (await cluster.owner(name)) !== master, {
				what: "another master",
			});
		},
	);
	await master.restart();
	await cluster.ready();
});

test("without history a subscription follows its slot, and reports the loss", async () => {
	for (const sharded of [false, true]) {
		const name = unique();
		const connector = connect({ sharded });
		const recorder = new Recorder();
		await connector.subscribe(name, recorder);
		const target = await other(await cluster.owner(name));
		await cluster.move(name, target);
		await recorder.heard("restored");
		expect(recorder.events).toEqual(["lost", "restored"]);
		expect(await connector.publish(name, "hello")).toEqual({ receivers: 1 });
		await recorder.saw("hello");
		await connector.close();
	}
	await cluster.ready();
});

test("where the server does not announce moves, the slots are checked every pingInterval", async () => {
	for (const node of cluster.nodes) {
		await node.command("ACL", "SETUSER", "old", "on", ">old", "~*", "&*", "+@all", "-ssubscribe");
	}
	const rootNodes = cluster.rootNodes.map(({ url }) => ({ url, username: "old", password: "old" }));
	const connector = redis({ rootNodes }, { ...options, pingInterval: 100 });
	const name = unique();
	const recorder = new Recorder();
	await connector.subscribe(name, recorder);
	await cluster.move(name, await other(await cluster.owner(name)));
	await recorder.heard("restored");
	expect(await connector.publish(name, "hello")).toEqual({ receivers: 1 });
	await recorder.saw("hello");
	await connector.close();
	await cluster.ready();
});

test("a Flask app may publish at any node, and its messages arrive", async () => {
	const connector = connect({});
	const name = unique();
	const recorder = new Recorder();
	await connector.subscribe(name, recorder);
	for (const [i, node] of cluster.nodes.entries()) {
		await node.command("PUBLISH", name, `from ${i}`);
		await recorder.saw(`from ${i}`);
	}
	expect(recorder.messages).toHaveLength(cluster.nodes.length);
	await connector.close();
});

test("subscribers at other nodes get a channel in the order of its history", async () => {
	const name = unique();
	const connector = connect({ history: {} });
	const heard = await Promise.all(cluster.nodes.map((node) => plainSubscriber(node, name)));
	const ids: (string | undefined)[] = [];
	await Promise.all(
		[1, 2].map(async () => {
			const publisher = connect({ history: {} });
			for (let i = 0; i < 500; i++) ids.push((await publisher.publish(name, `{"data":${i}}`)).id);
			await publisher.close();
		}),
	);
	const page = await connector.history?.read(name, "0-0", 2_000);
	const kept = page?.messages.map(({ id }) => id);
	expect(kept).toHaveLength(1_000);
	for (const { messages, end } of heard) {
		await until(() => messages.length === 1_000, { what: "all at every node" });
		expect(messages.map((text) => JSON.parse(text).id)).toEqual(kept);
		end();
	}
	await connector.close();
});

function unique(): string {
	return `room.${randomBytes(4).toString("hex")}`;
}

async function other(node: RedisServer): Promise<RedisServer> {
	const found = (await cluster.masters()).find((each) => each !== node);
	if (found === undefined) throw new Error("There are three masters.");
	return found;
}

async function channelElsewhere(node: RedisServer): Promise<string> {
	for (;;) {
		const name = unique();
		if ((await cluster.owner(name)) !== node) return name;
	}
}

async function listeners(node: RedisServer, name: string, sharded: boolean): Promise<number> {
	const reply = await node.command("PUBSUB", sharded ? "SHARDNUMSUB" : "NUMSUB", name);
	return Array.isArray(reply) ? Number(reply[1]) : 0;
}

/** What a subscriber receives that knows nothing of Clusters. */
async function plainSubscriber(node: RedisServer, name: string) {
	const client = createClient({ url: node.url });
	client.on("error", String);
	const messages: string[] = [];
	await client.connect();
	await client.subscribe(name, (message) => messages.push(message));
	return { messages, end: () => client.destroy() };
}
