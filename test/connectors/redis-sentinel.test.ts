import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RedisOptions, redis } from "../../src/connectors/redis.ts";
import { Recorder } from "../../src/testing.ts";
import { type SentinelGroup, startSentinels } from "../support/redis-sentinel.ts";
import { startRedis } from "../support/redis-server.ts";
import { unAwaitedAcross } from "./fixtures/un-awaited.ts";
import { Flow } from "./redis-flow.ts";
import { options } from "./redis-harness.ts";

let group: SentinelGroup;

beforeAll(async () => {
	group = await startSentinels({ password: "s3cret" });
});

afterAll(() => group.stop());

const target = () => ({
	name: group.name,
	sentinelRootNodes: group.sentinels,
	nodeClientOptions: { password: "s3cret" },
});

const connect = (own: RedisOptions = {}) =>
	redis(target(), { ...options, timeout: 10_000, ...own });

test("publishes and subscribes at the master that the Sentinels name", async () => {
	const connector = connect();
	const recorder = new Recorder();
	await connector.subscribe("room", recorder);
	expect(await connector.publish("room", "hello")).toEqual({ receivers: 1 });
	await recorder.saw("hello");
	expect(await (await group.settled()).numsub("room")).toBe(1);
	await connector.close();
});

test("an ioredis client that uses Sentinels is duplicated as it is", async () => {
	const client = new Redis({
		sentinels: group.sentinels,
		name: group.name,
		password: "s3cret",
		lazyConnect: true,
	});
	const connector = redis(client, options);
	const recorder = new Recorder();
	await connector.subscribe("room", recorder);
	await group.failover();
	await recorder.heard("restored");
	await connector.publish("room", "after");
	await recorder.saw("after");
	expect(recorder.events).toEqual(["lost", "restored"]);
	expect(client.status).toBe("wait");
	await connector.close();
});

test("a manual failover is followed", async () => {
	const connector = connect();
	const recorder = new Recorder();
	await connector.subscribe("room", recorder);
	await connector.publish("room", "before");
	await group.failover();
	await recorder.heard("restored");
	await connector.publish("room", "after");
	await recorder.saw("after");
	expect(recorder.events).toEqual(["lost", "restored"]);
	expect(await (await group.settled()).numsub("room")).toBe(1);
	await connector.close();
});

test("a master dies: messages from before and after arrive once and in order", async () => {
	const flow = new Flow(() => connect({ history: { maxLength: 1_000_000 } }), "room");
	await flow.more(200);
	await flow.pause();
	await group.replicated();
	const master = await group.settled();
	await master.kill();
	flow.goOn();
	await flow.more(200);
	const kept = await flow.end();
	expect(flow.seen.map(({ id }) => id)).toEqual(kept);
	expect(flow.errors.filter(({ stage }) => stage !== "upstream")).toEqual([]);
	for (const error of flow.refusals) expect(error).toMatchObject({ code: "unavailable" });
	await master.restart();
	await group.settled();
});

describe("publishes without await keep the order of their calls", () => {
	const history = { maxLength: 1_000_000 };

	test("during a manual failover", async () => {
		await unAwaitedAcross(
			() => connect({ history }),
			"by hand",
			() => group.failover(),
		);
	});

	test("while a master dies and a replica replaces it", async () => {
		const master = await group.settled();
		await unAwaitedAcross(
			() => connect({ history }),
			"killed",
			async () => {
				await master.kill();
				await group.renamed(master);
			},
		);
		await master.restart();
		await group.settled();
	});
});

test("Sentinels that are down do not matter while one is up", async () => {
	const gone = { host: "127.0.0.1", port: 1 };
	const [last] = group.sentinels;
	const sentinelRootNodes = last === undefined ? [] : [gone, gone, last];
	const connector = redis({ ...target(), sentinelRootNodes }, options);
	await connector.publish("room", "x");
	await connector.close();
});

describe("an unusable configuration is an error", () => {
	test.each([
		["no Sentinel", () => ({ sentinelRootNodes: [{ host: "127.0.0.1", port: 1 }] }), "unavailable"],
		["a group that no Sentinel watches", () => ({ name: "nobody" }), "refused"],
		["a wrong password", () => ({ nodeClientOptions: { password: "wr0ng" } }), "refused"],
	])("%s", async (_, own, code) => {
		// A refusal is an error at once. Only what may pass is waited for.
		const timeout = code === "refused" ? 15_000 : options.timeout;
		const connector = redis({ ...target(), ...own() }, { ...options, timeout });
		const calls = [connector.publish("room", "x"), connector.subscribe("room", new Recorder())];
		for (const outcome of await Promise.allSettled(calls)) {
			expect(outcome).toMatchObject({ status: "rejected", reason: { code } });
			expect(String(Reflect.get(outcome, "reason"))).not.toContain("wr0ng");
		}
		await connector.close();
	});
});

test("a single server that becomes a replica: its connection is replaced", async () => {
	const server = await startRedis();
	const ids = async () =>
		[...String(await server.command("CLIENT", "LIST")).matchAll(/^id=(\d+) .*cmd=eval/gm)].map(
			([, id]) => id,
		);
	const connector = redis(server.url, { ...options, history: {} });
	await connector.publish("room", '{"data":1}');
	const [before] = await ids();
	expect(before).toBeDefined();
	await server.command("REPLICAOF", "127.0.0.1", "1");
	const publishing = connector.publish("room", '{"data":2}');
	await expect(publishing).rejects.toMatchObject({ code: "unavailable" });
	await server.command("REPLICAOF", "NO", "ONE");
	await connector.publish("room", '{"data":3}');
	const after = await ids();
	expect(after).toHaveLength(1);
	expect(after).not.toContain(before);
	await connector.close();
	await server.stop();
});
