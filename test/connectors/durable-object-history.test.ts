import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ServerSentEvents } from "../../src/core/sse.ts";
import { until } from "../support/wait.ts";
import { parsed } from "../unit/core/message/parsed.ts";
import { fresh, payload, publishAll } from "./durable-object-history-kit.ts";
import { Bridge } from "./fixtures/bridge.ts";

const bridge = new Bridge();
beforeAll(() => bridge.start());
afterAll(() => bridge.kill());

function connect(history: { maxLength?: number; maxAge?: number } = {}) {
	const connector = bridge.connect(history);
	if (connector.history === undefined) throw new Error("It keeps no history.");
	return { connector, history: connector.history };
}

const tables = (channel: string, own = false) => bridge.ask<string[]>({ tables: channel, own });

describe("an object's storage", () => {
	test("is created by the first publish, never by a read", async () => {
		const { connector, history } = connect();
		const channel = fresh();
		for (const back of [0, 3]) await history.head(channel, back);
		for (const after of ["0-0", "1-1", "~1790000000000-0"]) await history.read(channel, after, 10);
		const sse = new ServerSentEvents({ connector });
		for (const query of ["", "&lastEventId=0", "&lastEventId=1-1", "&lastEventId=x"]) {
			const url = `http://hub.test/?channel=${encodeURIComponent(channel)}${query}`;
			const { body } = await sse.stream(new Request(url), { recent: query === "" ? 3 : 0 });
			const reader = body?.getReader();
			await reader?.read();
			await reader?.cancel();
		}
		expect(await tables(channel)).toEqual([]);
		await publishAll(connector, channel, 1);
		expect(await tables(channel)).toEqual(["sse_history"]);
	});

	test("is freed when nothing was published for `maxAge`", async () => {
		const { connector, history } = connect({ maxAge: 2_000 });
		const used = fresh();
		await publishAll(connector, used, 1, 2);
		expect(await tables(used)).toEqual(["sse_history"]);
		const freed = async () => (await tables(used)).length === 0;
		await until(freed, { what: "the storage to be freed" });
		// And it is used again.
		const [id = ""] = await publishAll(connector, used, 3);
		expect((await history.read(used, "0-0", 10)).messages.map((each) => each.id)).toEqual([id]);
		const freedAgain = async () => (await tables(used)).length === 0;
		await until(freedAgain, { what: "the storage to be freed again" });
	});

	test("stays while the channel is used, and ids grow across a release", async () => {
		const { connector, history } = connect({ maxAge: 600 });
		const channel = fresh();
		const [first = ""] = await publishAll(connector, channel, 0);
		let last = first;
		// Past the first alarm.
		while (Number.parseInt(last, 10) < Number.parseInt(first, 10) + 1_500) {
			[last = ""] = await publishAll(connector, channel, 1);
			expect((await history.read(channel, last, 1)).covered).toBe(true);
		}
		expect((await history.read(channel, first, 1)).covered).toBe(false);
		const freed = async () => (await tables(channel)).length === 0;
		await until(freed, { what: "the storage to be freed" });
		await bridge.ask({ clock: -60_000 });
		const [next = ""] = await publishAll(connector, channel, 2);
		await bridge.ask({ clock: 0 });
		expect(Number.parseInt(next, 10)).toBeGreaterThanOrEqual(Number.parseInt(last, 10));
		expect(next).not.toBe(last);
	});

	test("is freed after an eviction too, and a subclass's own data stays", async () => {
		const { connector } = connect({ maxAge: 600 });
		const channel = fresh();
		await publishAll(connector, channel, 1);
		expect((await tables(channel, true)).toSorted()).toEqual(["mine", "sse_history"]);
		await bridge.end("crash", [channel]);
		const freed = async () => (await tables(channel)).length === 1;
		await until(freed, { what: "the storage to be freed" });
		expect(await tables(channel)).toEqual(["mine"]);
	});

	test.for([1, 10_000])("beside %d keys, one more key writes a few rows", async (keys) => {
		const cost = await bridge.ask<{ read: number; written: number }>({ rows: fresh(), keys });
		expect(cost.written).toBeLessThanOrEqual(keys === 1 ? 2 : 3);
		expect(cost.read).toBeLessThanOrEqual(10);
	});

	test("refuses more than it can hold, and says so", async () => {
		const { connector, history } = connect();
		const channel = fresh();
		await publishAll(connector, channel, "before");
		const empty = fresh();
		for (const each of [channel, empty]) {
			const large = connector.publish(each, payload("x".repeat(12_000_000)));
			await expect(large).rejects.toMatchObject({ code: "refused", message: /too big/ });
		}
		expect(await tables(empty)).toEqual([]);
		const [last = ""] = await publishAll(connector, channel, "after");
		const { messages } = await history.read(channel, "0-0", 10);
		expect(messages).toHaveLength(2);
		expect(messages[1]?.id).toBe(last);
	});
});

test("a gap names the channel as its clients know it, and a stream that must end ends", async () => {
	const { connector } = connect();
	const sse = new ServerSentEvents({ connector, channels: { prefix: "tenant/" } });
	const channel = fresh();
	await sse.publish("x", { channel });
	const url = `http://hub.test/?channel=${encodeURIComponent(channel)}&lastEventId=1-1`;
	const { body } = await sse.stream(new Request(url), { expires: Date.now() + 1_000 });
	// It reads to the end, so there is a gap.
	const text = await new Response(body).text();
	const gap = JSON.stringify({ channel, lastEventId: "1-1" });
	expect(text).toContain(`event:sse.gap\ndata:${gap}\n\ndata:x\nid:`);
	expect(text).toMatch(/\n\nretry:\d+\n\n$/);
});

test.for([1, 2])(
	"a client that asks for control events gets them, with the objects of %d channels",
	async (count) => {
		const { connector } = connect();
		const sse = new ServerSentEvents({ connector });
		const channels = Array.from({ length: count }, fresh);
		const query = new URLSearchParams(channels.map((channel) => ["channel", channel]));
		const texts = ["", "&sse.control=events"].map(async (asks) => {
			const request = new Request(`http://hub.test/?${query}${asks}`);
			const { body } = await sse.stream(request, { expires: Date.now() + 1_000 });
			return new Response(body).text();
		});
		const [plain = "", asked = ""] = await Promise.all(texts);
		expect(parsed(plain).events).toEqual([]);
		const { events, retries } = parsed(asked);
		expect(new Set(events.map(({ event }) => event))).toEqual(new Set(["sse.ping", "sse.retry"]));
		expect(Number(events.at(-1)?.data)).toBe(retries.at(-1));
		// The first ping shows a page its position.
		expect(asked).toMatch(/\nevent:sse\.ping\ndata:\d+\nid:[^\n]+\n\n/);
	},
);

test("a page of history is also bounded in bytes, and the next one goes on where it ended", async () => {
	const { connector, history } = connect();
	const channel = fresh();
	const ids = await publishAll(
		connector,
		channel,
		...Array.from({ length: 12 }, (_, n) => `${n}${"x".repeat(1_000_000)}`),
	);
	const seen: string[] = [];
	for (let after = "0-0", more = true; more; ) {
		const page = await history.read(channel, after, 500);
		expect(page.covered).toBe(true);
		expect(page.messages.length).toBeGreaterThan(0);
		expect(page.messages.length).toBeLessThanOrEqual(4);
		seen.push(...page.messages.map(({ id }) => id));
		({ more } = page);
		after = seen.at(-1) ?? "";
	}
	expect(seen).toEqual(ids);
});
