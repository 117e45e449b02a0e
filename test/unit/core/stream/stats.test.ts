import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import { Connection } from "../../../../src/core/delivery/connection.ts";
import { ConnectorError } from "../../../../src/core/errors.ts";
import { counters } from "../../../../src/core/stats.ts";
import type { Client } from "../../../resume/client.ts";
import { until } from "../../../support/wait.ts";
import { ask, open, type Scene, scene } from "./kit.ts";

const nothing = { connections: 0, channels: 0, ...counters() };

/** What these clients have read, in bytes and messages. */
function readBy(clients: readonly Client[]) {
	const sum = (of: (client: Client) => number) => clients.reduce((n, each) => n + of(each), 0);
	return {
		bytes: sum(({ chunks }) => chunks.reduce((n, { length }) => n + length, 0)),
		frames: sum(({ events }) => events.filter(({ event }) => !event?.startsWith("sse.")).length),
		gaps: sum(({ gaps }) => gaps.length),
	};
}

const number = (n: number) => Array.from({ length: n }, (_, index) => index);

test("before the first request all counts are 0, and nothing is opened", () => {
	const it = scene();
	expect(it.sse.stats()).toEqual(nothing);
	expect(it.calls).toEqual([]);
});

test("without history `frames` and `bytes` are what the clients read, and each message counts once", async () => {
	const it = scene({ linger: 0 });
	const clients = await Promise.all([
		...number(5).map(() => open(it)),
		...number(3).map(() => open(it, "channel=a&channel=b")),
	]);
	for (const n of number(10)) await it.sse.publish(`é€😀\n${n}`, { channel: "a", type: "t" });
	await nextTurn();
	await it.sse.publish({ n: 1 }, { channel: "b", id: 7, retry: 1_000 });
	await it.sse.publish("to nobody", { channel: "c" });
	await Promise.all(clients.map((client, n) => client.event(n < 5 ? 10 : 11)));
	const read = readBy(clients);
	expect(read.frames).toBe(5 * 10 + 3 * 11);
	const { bytes, frames } = read;
	expect(it.sse.stats()).toEqual({
		...nothing,
		connections: 8,
		channels: 2,
		messages: 11,
		bytes,
		frames,
	});
	// Nothing more is written to clients that left, and the counts remain.
	for (const client of clients.slice(0, 5)) client.close();
	await until(() => it.sse.stats().connections === 3, { what: "five who left" });
	await it.sse.publish("last", { channel: "a" });
	await Promise.all(clients.slice(5).map((client) => client.event(12)));
	expect(it.sse.stats()).toMatchObject({ messages: 12, channels: 2, ...readBy(clients), gaps: 0 });
	for (const client of clients) client.close();
	await until(() => it.sse.stats().channels === 0, { what: "the end of the channels" });
	expect(it.sse.stats()).toMatchObject({ connections: 0, messages: 12 });
});

test("with history `frames`, `replays` and `gaps` count per client", async () => {
	const it = scene({ history: { maxLength: 20 } });
	const first = await open(it);
	const start = await first.placed();
	for (const n of number(30)) await it.sse.publish(n, { channel: "a" });
	const clients = [
		first,
		await open(it, "channel=a&lastEventId=0"),
		await open(it, `channel=a&lastEventId=${start}`),
		await open(it, "channel=a&lastEventId=rubbish"),
		await open(it, "channel=a&channel=b&lastEventId=0"),
	];
	await it.sse.publish("live", { channel: "a" });
	for (const client of clients) {
		await client.first(({ data }) => data === "live", "the live one");
	}
	const read = readBy(clients);
	// One for the trimmed start, and one for the text that is no id.
	expect(read.gaps).toBe(2);
	expect(it.sse.stats()).toEqual({
		...nothing,
		connections: 5,
		channels: 2,
		messages: 31,
		replays: 4,
		...read,
	});
});

test("a message that is not stored counts for clients that are still replaying", async () => {
	const it = scene({ history: {} });
	for (const n of number(3)) await it.sse.publish(n, { channel: "a" });
	const { promise, resolve } = Promise.withResolvers<void>();
	it.broker.readable = promise;
	const clients = await Promise.all([
		open(it, "channel=a&lastEventId=0"),
		open(it, "channel=a&lastEventId=0"),
		open(it),
	]);
	it.broker.subscribers.get("a")?.onMessage('{"data":"foreign"}');
	for (const client of clients) expect(await client.data(1)).toEqual(["foreign"]);
	resolve();
	for (const client of clients.slice(0, 2)) await client.event(4);
	expect(it.sse.stats()).toMatchObject(readBy(clients));
	expect(it.sse.stats()).toMatchObject({ messages: 1, frames: 3 + 2 * 3 });
});

test("a message counts once, whether it came live or from the history after a loss", async () => {
	const it = scene({ history: {} });
	const clients = await Promise.all([open(it), open(it)]);
	const publish = (n: number) => it.sse.publish(n, { channel: "a" });
	await publish(1);
	await it.broker.without("a", async () => {
		await publish(2);
		await publish(3);
	});
	await publish(4);
	for (const client of clients) expect(await client.data(4)).toEqual(["1", "2", "3", "4"]);
	expect(it.sse.stats()).toMatchObject({ messages: 4, reconnects: 1, ...readBy(clients) });
});

test("without history a restored subscription counts as a reconnect", async () => {
	const it = scene();
	await open(it, "channel=a&channel=b");
	for (const channel of ["a", "b", "a"]) await it.broker.without(channel, async () => undefined);
	expect(it.sse.stats()).toMatchObject({ reconnects: 3, replays: 0, gaps: 0 });
});

test("a gap in the feed counts once per client and channel", async () => {
	const it = scene({ history: { maxLength: 1 } });
	const clients = await Promise.all([open(it), open(it), open(it, "channel=a&channel=b")]);
	await it.sse.publish(0, { channel: "a" });
	await Promise.all(clients.map((client) => client.event()));
	await it.broker.without("a", async () => {
		for (const n of number(5)) await it.sse.publish(n, { channel: "a" });
	});
	for (const client of clients) await client.sees(2);
	expect(it.sse.stats()).toMatchObject(readBy(clients));
	expect(it.sse.stats().gaps).toBe(3);
});

test("an invalid payload counts as dropped and not as a message", async () => {
	const it = scene();
	const client = await open(it);
	for (const payload of ["", "{}", "[]", '{"data":1,"more":2}', '{"data":1,"type":"sse.gap"}']) {
		await it.broker.publish("a", payload);
	}
	await it.sse.publish("next", { channel: "a" });
	expect(await client.data(1)).toEqual(["next"]);
	expect(it.sse.stats()).toMatchObject({ droppedMessages: 5, messages: 1, frames: 1 });
	// Reports are limited to one a second and channel.
	expect(it.reports.map(({ stage }) => stage)).toEqual(["decode"]);
});

test("a client that reads too slowly counts as slow, and messages it was not sent do not count", async () => {
	const it = scene({ limits: { bufferedBytes: 100 } });
	const slow = await open(it, "", { paused: true });
	const reader = await open(it);
	for (const n of number(4)) {
		await it.sse.publish(`${n}${"x".repeat(80)}`);
		await it.sse.publish(n, { channel: "a" });
		await nextTurn();
	}
	await until(() => it.sse.stats().slowClients === 1, { what: "the cut" });
	expect(it.sse.stats()).toMatchObject({ connections: 1, frames: 2 + 4 });
	expect(it.reports).toMatchObject([{ stage: "stream", error: { code: "slow_consumer" } }]);
	await reader.event(4);
	slow.resume();
	await slow.end();
	expect(slow.state).toBe("broken");
});

test("bytes that the host did not accept are not counted", () => {
	const counted = counters();
	const ends: string[] = [];
	const owner = {
		tick: 0,
		bufferedBytes: 100,
		counters: counted,
		perStream: undefined,
		spent: () => undefined,
		flush: () => undefined,
		ended: (_: Connection, reason: string) => void ends.push(reason),
	};
	let taken = 0;
	const sink = {
		bufferedBytes: 0,
		write: () => {
			if (++taken > 2) throw new TypeError("gone");
			return 10;
		},
		end: () => undefined,
		abort: () => undefined,
	};
	const connection = new Connection(owner);
	connection.use(sink);
	for (let n = 0; n < 5; n++) connection.write(new Uint8Array(10));
	expect([counted.bytes, ends]).toEqual([20, ["left"]]);
});

test("refusedStreams counts every refusal, final or temporary", async () => {
	const it = scene({
		limits: { connections: 1 },
		channels: { allowed: ["a", "b"] },
		authorize: (_, [name]) => name === "a",
	});
	const refused = async (query: string, init?: RequestInit) => {
		const { refusedStreams } = it.sse.stats();
		await (await ask(it, query, init)).body?.cancel();
		return it.sse.stats().refusedStreams - refusedStreams;
	};
	it.broker.ready = Promise.reject(new ConnectorError("unavailable", "away"));
	expect(await refused("channel=a")).toBe(1);
	it.broker.ready = Promise.resolve();
	expect(await refused("channel=a", { method: "HEAD" })).toBe(0);
	expect(await refused("channel=b")).toBe(1);
	expect(await refused("channel=c")).toBe(1);
	expect(await refused("channel=a", { method: "POST" })).toBe(1);
	await open(it);
	expect(await refused("channel=a")).toBe(1);
	await it.sse.close();
	expect(await refused("channel=a")).toBe(1);
	expect(it.sse.stats()).toMatchObject({ connections: 0, refusedStreams: 6 });
});

test("each instance counts for itself, and stats() returns a copy", async () => {
	const [one, two]: Scene[] = [scene(), scene()];
	if (one === undefined || two === undefined) throw new Error("two scenes");
	await open(one);
	const before = one.sse.stats();
	await one.sse.publish(1, { channel: "a" });
	expect(before.messages).toBe(0);
	expect(two.sse.stats()).toEqual(nothing);
});
