import { afterAll, beforeAll, expect, test } from "vitest";
import { memory } from "../../src/connectors/memory.ts";
import { redis } from "../../src/connectors/redis.ts";
import type { Connector } from "../../src/core/connector.ts";
import { ServerSentEvents } from "../../src/exports.ts";
import { Presence } from "../../src/presence.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { instance, patience, visit, visitSilently } from "./presence-kit.ts";

/** Presence with many members, with hostile ids, and with wrong options. */

let server: RedisServer;

beforeAll(async () => {
	server = await startRedis();
});
afterAll(() => server.stop());

test("above 200 members only their number is told, at most once a second", async () => {
	const { sse, presence } = instance(memory());
	const channel = "room";
	const page = await visit(sse, channel);
	const begin = performance.now();
	for (let n = 0; n < 300; n++) await visitSilently(sse, channel, `user${n}`);
	await expect.poll(() => page.told().at(-1)?.occupancy, patience).toBe(300);
	expect(page.told().at(-1)).toEqual({ channel, occupancy: 300 });
	const seconds = (performance.now() - begin) / 1_000;
	expect(page.told().length).toBeLessThanOrEqual(seconds + 2);
	expect((await presence.members(channel, { limit: 500 })).members).toHaveLength(300);
});

test.each(["memory", "redis"])(
	"%s: 10,000 members of one channel are listed in pages of the requested size, each once",
	async (name) => {
		const { sse, presence, reports } = instance(
			name === "memory" ? memory() : redis(server.url, { timeout: 10_000 }),
		);
		const channel = crypto.randomUUID();
		const count = 10_000;
		for (let n = 0; n < count; n++) await visitSilently(sse, channel, `user${n}`);
		await expect
			.poll(() => presence.occupancy(channel), { timeout: 60_000, interval: 200 })
			.toBe(count);
		const found = new Set<string>();
		let pages = 0;
		for (let after: string | undefined = ""; after !== undefined; pages++) {
			const { members, next } = await presence.members(channel, { after, limit: 500 });
			expect(members.length).toBeLessThanOrEqual(500);
			for (const { id } of members) found.add(id);
			after = next;
		}
		expect(found.size).toBe(count);
		// The last page may be full, and an empty one follows.
		expect(pages).toBeLessThanOrEqual(21);
		expect(reports).toEqual([]);
	},
	120_000,
);

test("hostile ids are no members, and are reported without the id; data that is too large is left out", async () => {
	let id: unknown;
	let data: unknown;
	const { sse, presence, reports } = instance(memory(), {
		id: () => id as string,
		data: () => data,
	});
	const hostile = [
		"",
		"a\0b",
		"a\nb",
		"\x7f",
		"\ud800",
		"x".repeat(1_048_576),
		"é".repeat(129),
		7,
		{},
	];
	for (const each of hostile) {
		id = each;
		await visit(sse, "room", "x");
	}
	expect(reports).toHaveLength(hostile.length);
	for (const report of reports) {
		expect(report).toMatch(/^presence: Presence: id: must return well-formed text/);
		expect(report.length).toBeLessThan(200);
	}
	expect(await presence.occupancy("room")).toBe(0);
	for (const [n, each] of ["x".repeat(1_023), 1n, () => 0].entries()) {
		id = `user${n}`;
		data = each;
		await visit(sse, "room", "x");
	}
	await expect
		.poll(() => presence.members("room"), patience)
		.toEqual({
			occupancy: 3,
			members: [{ id: "user0" }, { id: "user1" }, { id: "user2" }],
		});
	id = "__proto__";
	data = { ok: true };
	await visit(sse, "room", "x");
	await expect.poll(() => presence.occupancy("room"), patience).toBe(4);
});

test("wrong options are named, and so is a connector without presence", async () => {
	const sse = () =>
		new ServerSentEvents({ connector: memory(), channels: { allowed: ["room.*"] } });
	const id = () => null;
	const wrong: [() => unknown, RegExp][] = [
		[() => new Presence({} as never, { id }), /first argument must be a ServerSentEvents/],
		[() => new Presence(sse(), undefined as never), /write new Presence/],
		[() => new Presence(sse(), {} as never), /id: must be a function/],
		[() => new Presence(sse(), { id, ttl: 10 }), /ttl: must be a number of ms from 1000/],
		[() => new Presence(sse(), { id, grace: -1 }), /grace: must be/],
		[() => new Presence(sse(), { id, events: true as never }), /events: must be a function/],
		[() => new Presence(sse(), { id, user: 1 } as never), /user: unknown option. Did you mean id/],
	];
	for (const [make, message] of wrong) expect(make).toThrow(message);
	const twice = sse();
	const presence = new Presence(twice, { id });
	expect(() => new Presence(twice, { id })).toThrow(/has one already/);
	for (const [query, message] of [
		[{ limit: 501 }, /limit: must be a whole number of 1 to 500/],
		[{ limit: 0 }, /limit/],
		[{ after: "a\0" }, /after: must be `next`/],
		[{ page: 1 }, /page: unknown option/],
	] as const) {
		await expect(presence.members("room.1", query as never)).rejects.toThrow(message);
	}
	await expect(presence.members("other")).rejects.toThrow(/channels\.allowed/);
	await expect(presence.occupancy("")).rejects.toThrow(/channel: must be/);
	const on = (connector: Connector) => () =>
		new Presence(new ServerSentEvents({ connector }), { id });
	expect(on(redis("redis://localhost", { scope: "request" }))).toThrow(
		expect.objectContaining({ code: "configuration", message: expect.stringMatching(/Workers/) }),
	);
	const { presence: _, ...foreign } = memory() as Connector & object;
	expect(on({ ...foreign, name: "theirs", subscribe: memory().subscribe } as Connector)).toThrow(
		/the connector theirs cannot say who is there/,
	);
});
