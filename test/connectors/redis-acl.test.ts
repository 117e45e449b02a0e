import { readFileSync } from "node:fs";
import { expect, onTestFinished, test } from "vitest";
import { redis } from "../../src/connectors/redis.ts";
import { keysOf } from "../../src/connectors/shared/redis-slot.ts";
import { upstash } from "../../src/connectors/upstash.ts";
import type { Connector } from "../../src/core/connector.ts";
import { Presence } from "../../src/presence.ts";
import { Recorder } from "../../src/testing.ts";
import { startCluster } from "../support/redis-cluster.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { startUpstashGateway } from "../support/upstash-gateway.ts";
import { until } from "../support/wait.ts";
import { instance } from "./runs-kit.ts";

/** The table "What its user must be allowed" of docs/connectors.md: commands by row. */
const table = new Map(
	[
		...readFileSync(new URL("../../docs/connectors.md", import.meta.url), "utf8").matchAll(
			/^\| (.+?) \| ((?:`\+[^`]+` ?)+)\|/gm,
		),
	].map(([, row = "", cell = ""]) => [row, cell.replaceAll(/[`\\]/g, "").trim()]),
);

function commandsOf(row: string): string[] {
	const commands = table.get(row);
	if (commands === undefined) throw new Error(`docs/connectors.md has no row ${row}.`);
	return commands.split(" ").sort();
}

/** Everything that a connector does. */
async function everything(connector: Connector): Promise<void> {
	onTestFinished(() => connector.close());
	const recorder = new Recorder();
	const subscription = await connector.subscribe("room", recorder);
	await connector.publish("room", '{"data":"one"}');
	await Promise.all(
		["two", "three"].map((data) => connector.publish("room", JSON.stringify({ data }))),
	);
	await connector.publishAll?.([
		{ channel: "room", payload: '{"data":"four"}' },
		{ channel: "hall", payload: '{"data":"five"}' },
	]);
	const { history } = connector;
	if (history !== undefined) {
		await connector.publish("room", '{"data":"live"}', { keep: false });
		const { id = "" } = await connector.publish("room", '{"data":"once"}', { key: "k" });
		await connector.publish("room", '{"data":"once"}', { key: "k" });
		await history.head("room");
		await history.head("empty");
		await history.read("room", "0-0", 10);
		await history.read("room", id, 10);
		await history.forget?.("room");
	}
	await until(() => recorder.messages.length >= 4, { what: "all messages" });
	await connector.check?.();
	await subscription.unsubscribe();
}

/** A key of a message of more than 5 minutes ago, which the next one removes. */
async function oldKey(server: RedisServer, prefix?: string): Promise<void> {
	const { names, ids } = keysOf("room", prefix);
	await server.command("RPUSH", names, "old");
	await server.command("HSET", ids, "old", "1-0");
}

/** What the servers were sent and what scripts did, named as in an ACL. */
async function seen(servers: readonly RedisServer[]): Promise<string[]> {
	const names = new Set<string>();
	for (const server of servers) {
		const stats = String(await server.command("INFO", "commandstats"));
		for (const [, name] of stats.matchAll(/^cmdstat_(\S+?):/gm)) names.add(`+${name}`);
	}
	return [...names].filter((name) => !ours.test(name)).sort();
}

/**
 * Commands that everyone may send, that client libraries send to introduce themselves, and that this test and
 * the Cluster's nodes send.
 */
const ours = /^\+(auth|hello|info|config\|resetstat|acl\||client\|set|quit|replconf|psync)/;

const reset = (servers: readonly RedisServer[]) =>
	Promise.all(servers.map((server) => server.command("CONFIG", "RESETSTAT")));

test.each([
	["`redis()`", {}],
	["`redis()` with `history`", { history: {} }],
] as const)(
	"%s sends what the table says, and a user with only these rights can do everything",
	async (row, options) => {
		const keys = "history" in options ? "~app1:*" : "resetkeys";
		await using server = await startRedis({
			users: [
				`app on >secret resetchannels &room &hall ${keys} -@all ${commandsOf(row).join(" ")}`,
			],
		});
		await reset([server]);
		const url = `redis://app:secret@127.0.0.1:${server.port}`;
		const history = "history" in options ? { history: { keyPrefix: "app1:sse:" } } : {};
		await oldKey(server, "app1:sse:");
		await reset([server]);
		await everything(redis(url, { ...history, pingInterval: 20, timeout: 20_000 }));
		await until(async () => (await seen([server])).includes("+ping"), { what: "a ping" });
		expect(await seen([server])).toEqual(commandsOf(row));
		const log = (await server.command("ACL", "LOG")) as unknown[][];
		expect(log.filter((entry) => !String(entry).includes("client|set"))).toEqual([]);
	},
);

test("runs also send what the table says, and a user with only these rights can do everything", async () => {
	const besides = commandsOf("[runs](runs.md), besides those with `history`");
	const commands = [...commandsOf("`redis()` with `history`"), ...besides];
	await using server = await startRedis({
		users: [`app on >secret resetchannels &run.a ~app1:* -@all ${commands.join(" ")}`],
	});
	const url = `redis://app:secret@127.0.0.1:${server.port}`;
	const connector = redis(url, { history: { keyPrefix: "app1:sse:" }, timeout: 20_000 });
	const { runs } = instance(connector);
	await reset([server]);
	const { done } = await runs.start("a", async function* () {
		yield "one";
		await new Promise(() => undefined);
	});
	await until(() => runs.cancel("a"), { what: "the run" });
	expect(await done).toEqual({ status: "cancelled" });
	expect((await runs.snapshot("a"))?.status).toBe("cancelled");
	await runs.delete("a");
	const all = await seen([server]);
	expect(all.filter((name) => !commands.includes(name))).toEqual([]);
	expect(all).toEqual(expect.arrayContaining(besides));
	const log = (await server.command("ACL", "LOG")) as unknown[][];
	expect(log.filter((entry) => !String(entry).includes("client|set"))).toEqual([]);
});

test("presence also sends what the table says, and a user with only these rights can do everything", async () => {
	const besides = commandsOf("[presence](presence.md), besides those of `redis()`");
	const commands = [...commandsOf("`redis()`"), ...besides];
	await using server = await startRedis({
		users: [
			`app on >secret resetchannels &room &sse:control* ~sse:presence:* -@all ${commands.join(" ")}`,
		],
	});
	const url = `redis://app:secret@127.0.0.1:${server.port}`;
	const open = (ttl: number) => {
		const { sse, errors } = instance(redis(url, { timeout: 20_000 }));
		const id = (request: Request) => request.headers.get("x-user");
		const presence = new Presence(sse, { id, ttl, grace: 0, events: () => true });
		const visit = async (user: string) => {
			const headers = { "x-user": user };
			const request = new Request("http://localhost/?channel=room&presence=1", { headers });
			return (await sse.fetch(request)).body;
		};
		return { sse, presence, visit, errors };
	};
	await reset([server]);
	const [one, other] = [open(1_500), open(1_500)];
	const ann = await one.visit("ann");
	await other.visit("bob");
	await until(async () => (await one.presence.occupancy("room")) === 2, { what: "both" });
	expect((await one.presence.members("room")).members).toHaveLength(2);
	await ann?.cancel();
	await until(async () => (await one.presence.occupancy("room")) === 1, { what: "her leave" });
	await one.visit("eve");
	await until(async () => (await one.presence.occupancy("room")) === 2, { what: "the third" });
	await other.sse.close();
	await until(async () => (await seen([server])).includes("+del"), { what: "his process' end" });
	expect(await one.presence.occupancy("room")).toBe(1);
	const all = await seen([server]);
	expect(all.filter((name) => !commands.includes(name))).toEqual([]);
	expect(all).toEqual(expect.arrayContaining(besides));
	const log = (await server.command("ACL", "LOG")) as unknown[][];
	expect(log.filter((entry) => !String(entry).includes("client|set"))).toEqual([]);
	expect([...one.errors, ...other.errors]).toEqual([]);
});

test.each([
	["`upstash()`", {}],
	["`upstash()` with `history`", { history: {} }],
] as const)("%s sends what the table says", async (row, options) => {
	await using server = await startRedis();
	await using gateway = await startUpstashGateway({ redis: server.url });
	await until(async () => (await server.clients()) > 0, { what: "the gateway's connection" });
	await oldKey(server);
	await reset([server]);
	await everything(
		upstash({ url: gateway.url, token: gateway.token, timeout: 20_000, ...options }),
	);
	expect(await seen([server])).toEqual(commandsOf(row));
});

test.each([
	["`redis()`, a Cluster", false],
	["`redis()`, a Cluster with `sharded`", true],
] as const)("%s also sends what the table says", async (row, sharded) => {
	const cluster = await startCluster();
	onTestFinished(() => cluster.stop());
	const { nodes } = cluster;
	await reset(nodes);
	const options = { history: {}, sharded, pingInterval: 20, timeout: 20_000 };
	await everything(redis({ rootNodes: cluster.rootNodes }, options));
	await until(async () => (await seen(nodes)).includes("+ping"), { what: "a ping" });
	const allowed = new Set([...commandsOf("`redis()` with `history`"), ...commandsOf(row)]);
	// A node in doubt is asked more. Nothing else may be sent.
	expect((await seen(nodes)).filter((name) => !allowed.has(name))).toEqual([]);
	const besides = commandsOf(row).filter((name) => !/role|client|info/.test(name));
	expect(await seen(nodes)).toEqual(expect.arrayContaining(besides));
});
