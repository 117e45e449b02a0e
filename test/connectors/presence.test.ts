import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { describe, expect, onTestFinished, test } from "vitest";
import { memory } from "../../src/connectors/memory.ts";
import { redis } from "../../src/connectors/redis.ts";
import { sentWhole } from "../../src/connectors/shared/redis-script.ts";
import type { Connector } from "../../src/core/connector.ts";
import { ServerSentEvents, type ServerSentEventsOptions } from "../../src/exports.ts";
import { RedisStore } from "../../src/presence/redis-store.ts";
import { Presence, type PresenceOptions } from "../../src/presence.ts";
import { startRedis } from "../support/redis-server.ts";
import { parsed } from "../unit/core/message/parsed.ts";
import { useGrounds } from "./fleet.ts";

/** Presence: the same on every connector that supports it, and after processes and brokers are killed. */

const { grounds, server } = useGrounds();

const ttl = 3_000;
const grace = 400;
const patience = { interval: 50 };

interface Told {
	occupancy: number;
	members?: { id: string; data?: unknown }[];
	joined?: { id: string; data?: unknown }[];
	left?: string[];
}

function instance(
	connector: Connector,
	options: Partial<PresenceOptions> = {},
	own: Partial<ServerSentEventsOptions> = {},
) {
	const reports: string[] = [];
	const sse = new ServerSentEvents({
		connector,
		onError: (error, { stage }) => void reports.push(`${stage}: ${(error as Error).message}`),
		...own,
	});
	onTestFinished(() => sse.close());
	const presence = new Presence(sse, {
		id: (request) => request.headers.get("x-user"),
		data: (_, id) => ({ name: id.toUpperCase() }),
		events: (request) => request.headers.get("x-sees") === "1",
		...{ ttl, grace },
		...options,
	});
	return { sse, presence, reports };
}

/** One stream: what it was told of the members, and what a page then knows. */
async function visit(sse: ServerSentEvents, channel: string, user = "", sees = true) {
	const headers = { ...(user && { "x-user": user }), ...(sees && { "x-sees": "1" }) };
	const query = `channel=${encodeURIComponent(channel)}&presence=1`;
	const response = await sse.fetch(new Request(`http://localhost/?${query}`, { headers }));
	const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
	let text = "";
	const reading = (async () => {
		for (;;) {
			const step = await reader?.read();
			if (step === undefined || step.done) return;
			text += step.value;
		}
	})();
	const leave = async () => {
		await reader?.cancel();
		await reading;
	};
	onTestFinished(leave);
	const told = (): Told[] =>
		parsed(text)
			.events.filter(({ event }) => event === "sse.presence")
			.map(({ data }) => JSON.parse(data));
	const known = () => {
		const here = new Set<string>();
		for (const { members, joined = [], left = [] } of told()) {
			if (members !== undefined) here.clear();
			for (const { id } of [...(members ?? []), ...joined]) here.add(id);
			for (const id of left) here.delete(id);
		}
		return [...here].sort();
	};
	return { leave, told, known, text: () => text };
}

describe.each(grounds)("$name", ({ connect }) => {
	test("members and occupancy cover all processes; a member with many streams is one", async () => {
		const [one, other] = [instance(connect()), instance(connect())];
		const channel = crypto.randomUUID();
		const streams = await Promise.all([
			visit(one.sse, channel, "ann"),
			visit(one.sse, channel, "ann"),
			visit(other.sse, channel, "ann"),
			visit(other.sse, channel, "bob"),
			visit(other.sse, channel),
			visit(other.sse, `${channel}.b`, "eve"),
		]);
		await expect.poll(() => one.presence.occupancy(channel), patience).toBe(2);
		expect(await other.presence.members(channel)).toEqual({
			occupancy: 2,
			members: [
				{ id: "ann", data: { name: "ANN" } },
				{ id: "bob", data: { name: "BOB" } },
			],
		});
		await Promise.all(streams.slice(0, 2).map(({ leave }) => leave()));
		// Her stream in the other process is still there.
		await new Promise((resolve) => setTimeout(resolve, 2 * grace));
		expect(await one.presence.occupancy(channel)).toBe(2);
		await streams[2]?.leave();
		await expect.poll(() => one.presence.occupancy(channel), patience).toBe(1);
		expect((await one.presence.members(channel)).members).toMatchObject([{ id: "bob" }]);
		expect(await one.presence.members(`${channel}.nobody`)).toEqual({ occupancy: 0, members: [] });
		expect([...one.reports, ...other.reports]).toEqual([]);
	});

	test("a page gets the members, then each join and leave once; a reload is no leave", async () => {
		const longer = { grace: 3_000 };
		const [one, other] = [instance(connect(), longer), instance(connect(), longer)];
		const channel = crypto.randomUUID();
		const bob = await visit(other.sse, channel, "bob");
		await expect.poll(() => bob.known(), patience).toEqual(["bob"]);
		const page = await visit(one.sse, channel);
		const blind = await visit(one.sse, channel, "", false);
		await expect.poll(() => page.known(), patience).toEqual(["bob"]);
		let ann = await visit(other.sse, channel, "ann");
		await expect.poll(() => page.known(), patience).toEqual(["ann", "bob"]);
		await ann.leave();
		await visit(other.sse, channel, "eve");
		// She was away while the page was told of another member.
		await expect.poll(() => page.known(), patience).toEqual(["ann", "bob", "eve"]);
		ann = await visit(one.sse, channel, "ann"); // a reload, at the other process
		await bob.leave();
		await expect.poll(() => page.known(), patience).toEqual(["ann", "eve"]);
		await ann.leave();
		await expect.poll(() => page.known(), patience).toEqual(["eve"]);
		const changes = page.told().slice(1);
		expect(changes.flatMap(({ joined = [] }) => joined)).toEqual([
			{ id: "ann", data: { name: "ANN" } },
			{ id: "eve", data: { name: "EVE" } },
		]);
		expect(changes.flatMap(({ left = [] }) => left)).toEqual(["bob", "ann"]);
		expect(page.told().at(-1)).toEqual({ channel, occupancy: 1, joined: [], left: ["ann"] });
		expect(blind.told()).toEqual([]);
		expect([...one.reports, ...other.reports]).toEqual([]);
	});

	test("pages list each member once, in order, while others come and go", async () => {
		const { sse, presence } = instance(connect(), { grace: 0 });
		const channel = `${crypto.randomUUID()}{a}b}`;
		const ids = Array.from({ length: 60 }, (_, n) => `m${String(n).padStart(3, "0")}`);
		ids.push("m", "m0", "é", "😀", "a b", 'q"uote');
		for (const id of ids) await visitSilently(sse, channel, id);
		await expect.poll(() => presence.occupancy(channel), patience).toBe(ids.length);
		const found: string[] = [];
		for (let after: string | undefined = ""; after !== undefined; ) {
			const page = await presence.members(channel, { limit: 7, after });
			found.push(...page.members.map(({ id }) => id));
			after = page.next;
		}
		expect(found.toSorted()).toEqual(ids.toSorted());
		expect(new Set(found).size).toBe(ids.length);
	});

	test("disconnect ends a member's streams by the id of presence", async () => {
		const [one, other] = [instance(connect()), instance(connect())];
		const channel = crypto.randomUUID();
		const ann = await visit(one.sse, channel, "ann");
		await visit(other.sse, channel, "bob");
		await expect.poll(() => other.presence.occupancy(channel), patience).toBe(2);
		await other.sse.disconnect({ client: "ann", channel });
		await expect.poll(() => other.presence.occupancy(channel), patience).toBe(1);
		expect(parsed(ann.text()).retries).toHaveLength(1);
	});

	test("an instance that closes keeps its members for the grace, and others remove them", async () => {
		if (connect === grounds[0]?.connect) return; // its broker ends with it
		const [one, other] = [instance(connect()), instance(connect(), { grace: 500 })];
		const channel = crypto.randomUUID();
		const page = await visit(one.sse, channel);
		await visit(other.sse, channel, "ann");
		await visit(other.sse, channel, "bob");
		await expect.poll(() => page.known(), patience).toEqual(["ann", "bob"]);
		await other.sse.close();
		await visit(one.sse, channel, "ann"); // came back within the grace
		await expect.poll(() => page.known(), patience).toEqual(["ann"]);
		expect(page.told().flatMap(({ left = [] }) => left)).toEqual(["bob"]);
	});
});

/** A stream that nobody reads, and that asks for no events. */
async function visitSilently(sse: ServerSentEvents, channel: string, user: string) {
	const headers = { "x-user": encodeURIComponent(user) };
	const request = new Request(`http://localhost/?channel=${encodeURIComponent(channel)}`, {
		headers,
	});
	// Headers hold bytes, and the id holds any text.
	Object.defineProperty(request, "headers", { value: new Map([["x-user", user]]) });
	const { body } = await sse.fetch(request);
	onTestFinished(async () => body?.cancel());
}

/** A process with members, to be killed. */
async function present(target: unknown, channels: string[], ids: string[], env = {}) {
	const program = new URL("fixtures/present.ts", import.meta.url).pathname;
	const child: ChildProcess = spawn(process.execPath, [program], {
		env: {
			...process.env,
			...{ TARGET: JSON.stringify(target), CHANNELS: channels.join(), IDS: ids.join() },
			...{ TTL: String(ttl), GRACE: String(grace), ...env },
		},
		stdio: ["ignore", "pipe", "inherit"],
	});
	onTestFinished(() => void child.kill("SIGKILL"));
	if (child.stdout !== null) await once(child.stdout, "data");
	return child;
}

test("a process is killed: its members are gone after ttl, and each leave is told once", async () => {
	const target = server().url;
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
		return server().command(name, ...args);
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
	const { sse } = instance(redis(server().url, { timeout: 20_000 }));
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
	const left = (await server().command("KEYS", "sse:presence:*")) as string[];
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
			name === "memory" ? memory() : redis(server().url, { timeout: 10_000 }),
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
