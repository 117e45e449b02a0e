import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { redis } from "../../src/connectors/redis.ts";
import { sentWhole } from "../../src/connectors/shared/redis-script.ts";
import { RedisStore } from "../../src/presence/redis-store.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { instance, patience, present, ttl, visit } from "./presence-kit.ts";

/** Presence on Redis after processes and brokers are killed. */

let server: RedisServer;

beforeAll(async () => {
	server = await startRedis();
});
afterAll(() => server.stop());

test("a process is killed: its members are gone after ttl, and each leave is told once", async () => {
	const target = server.url;
	const [one, other] = [
		instance(redis(target, { timeout: 20_000 })),
		instance(redis(target, { timeout: 20_000 })),
	];
	const channels = Array.from({ length: 20 }, () => crypto.randomUUID());
	const ids = Array.from({ length: 10 }, (_, n) => `user${n}`);
	const child = await present(target, channels, ids);
	await visit(one.sse, channels[0] ?? "", "user0"); // is in both
	const pages = await Promise.all(
		channels.flatMap((channel) => [visit(one.sse, channel), visit(other.sse, channel)]),
	);
	await expect.poll(() => pages.every((page) => page.known().length === 10), patience).toBe(true);
	const killed = performance.now();
	child.kill("SIGKILL");
	const gone = () => pages.every((page, at) => page.known().length === (at < 2 ? 1 : 0));
	await expect.poll(gone, patience).toBe(true);
	const took = performance.now() - killed;
	for (const [at, page] of pages.entries()) {
		const left = page.told().flatMap((told) => told.left ?? []);
		expect(left.sort()).toEqual(at < 2 ? ids.slice(1) : ids);
		expect(page.told().flatMap(({ joined = [] }) => joined).length).toBe(0);
	}
	console.log(
		`gone from 20 channels ${Math.round(took)} ms after the kill, with a ttl of ${ttl} ms`,
	);
	expect([...one.reports, ...other.reports]).toEqual([]);
});

test("Redis is killed and comes back empty: no false leave is told, and the counts are right within ttl", async () => {
	const own = await startRedis();
	onTestFinished(() => own.stop());
	// Longer than a starved process needs to write its members again.
	const slow = { ttl: 9_000 };
	const [one, other] = [instance(redis(own.url), slow), instance(redis(own.url), slow)];
	const channel = crypto.randomUUID();
	await visit(one.sse, channel, "ann");
	const bob = await visit(other.sse, channel, "bob");
	const pages = [await visit(one.sse, channel), await visit(other.sse, channel)];
	await expect.poll(() => pages.every((page) => page.known().length === 2), patience).toBe(true);
	const before = pages.map((page) => page.told().length);
	await own.kill();
	await bob.leave(); // during the outage
	await own.restart();
	await visit(other.sse, channel, "eve");
	const expected = ["ann", "eve"];
	await expect
		.poll(() => pages.every((page) => page.known().join() === expected.join()), patience)
		.toBe(true);
	for (const [at, page] of pages.entries()) {
		const since = page.told().slice(before[at]);
		expect(since.flatMap((told) => told.left ?? [])).toEqual(["bob"]);
		expect(since.flatMap((told) => told.joined ?? []).map(({ id }) => id)).toEqual(["eve"]);
	}
	expect(await one.presence.occupancy(channel)).toBe(2);
});

test("a process is killed after it wrote a leave and before it told it: others tell it", async () => {
	const run = async (_: string, make: () => readonly string[] | undefined) => {
		const [name = "", ...args] = make() ?? [];
		return server.command(name, ...args);
	};
	const settings = { run, scripts: sentWhole, keyPrefix: "sse:presence:", prefix: "" };
	const store = new RedisStore(settings);
	const process = crypto.randomUUID();
	const channel = crypto.randomUUID();
	await store.refresh(process, 1_500);
	await store.track(process, [channel]);
	await store.update(process, channel, [
		{ id: "ann", data: "" },
		{ id: "bob", data: '"b"' },
	]);
	const { sse } = instance(redis(server.url, { timeout: 20_000 }));
	const page = await visit(sse, channel);
	await expect.poll(() => page.known(), patience).toEqual(["ann", "bob"]);
	await store.update(process, channel, [{ id: "ann", data: undefined }]);
	await expect.poll(() => page.known(), patience).toEqual([]);
	expect(
		page
			.told()
			.flatMap((told) => told.left ?? [])
			.sort(),
	).toEqual(["ann", "bob"]);
	const left = (await server.command("KEYS", "sse:presence:*")) as string[];
	expect(left.filter((key) => key.includes(channel) || key.includes(process))).toEqual([]);
});

test("a store was emptied: members are written again, and no leave is told", async () => {
	const own = await startRedis();
	onTestFinished(() => own.stop());
	// Longer than a message between processes takes: the store is read before a lease shows that it is empty.
	const slow = { ttl: 9_000 };
	const [one, other] = [instance(redis(own.url), slow), instance(redis(own.url), slow)];
	const channel = crypto.randomUUID();
	await visit(one.sse, channel, "ann");
	await visit(other.sse, channel, "bob");
	const page = await visit(one.sse, channel);
	await expect.poll(() => page.known(), patience).toEqual(["ann", "bob"]);
	await own.command("FLUSHALL");
	await visit(other.sse, channel, "eve");
	await expect.poll(() => page.known(), patience).toEqual(["ann", "bob", "eve"]);
	await expect.poll(() => other.presence.occupancy(channel), patience).toBe(3);
	expect(page.told().flatMap((told) => told.left ?? [])).toEqual([]);
});

test.each(["zset", "hash"])(
	"a full Redis evicts a channel's %s: its members are written again, and the count is right",
	async (type) => {
		const own = await startRedis();
		onTestFinished(() => own.stop());
		const slow = { ttl: 9_000 };
		const [one, other] = [instance(redis(own.url), slow), instance(redis(own.url), slow)];
		const channel = crypto.randomUUID();
		await visit(one.sse, channel, "ann");
		await visit(other.sse, channel, "bob");
		const pages = [await visit(one.sse, channel), await visit(other.sse, channel)];
		for (const page of pages) {
			await expect.poll(() => page.known(), patience).toEqual(["ann", "bob"]);
		}
		const keys = (await own.command("KEYS", `*${channel}*`)) as string[];
		for (const key of keys) {
			if ((await own.command("TYPE", key)) === type) await own.command("DEL", key);
		}
		await visit(other.sse, channel, "eve");
		for (const page of pages) {
			await expect.poll(() => page.known(), patience).toEqual(["ann", "bob", "eve"]);
			expect(page.told().flatMap((told) => told.left ?? [])).toEqual([]);
		}
		await expect.poll(() => other.presence.occupancy(channel), patience).toBe(3);
		expect((await one.presence.members(channel)).members).toHaveLength(3);
	},
);
