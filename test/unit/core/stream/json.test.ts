import { expect, test } from "vitest";
import { ask, expectRefused, open, request, type Scene, scene } from "./kit.ts";

const accept = "application/json";

interface Answer {
	messages: { id?: string; type: string; data: unknown; channel: string }[];
	lastEventId: string;
	gap: boolean;
}

async function read(it: Scene, query: string, init: RequestInit = {}): Promise<Answer> {
	const response = await ask(it, query, { headers: { accept }, ...init });
	expect(response.status).toBe(200);
	expect(response.headers.get("content-type")).toBe("application/json");
	return (await response.json()) as Answer;
}

test("a request that prefers JSON gets the stored messages and the id to continue with", async () => {
	const it = scene({ history: {} });
	for (const n of [1, 2, 3]) await it.sse.publish({ n }, { channel: "a", type: "count" });
	const first = await read(it, "channel=a&lastEventId=0&limit=2");
	expect(first.messages).toEqual([
		{ id: expect.any(String), type: "count", data: { n: 1 }, channel: "a" },
		{ id: first.lastEventId, type: "count", data: { n: 2 }, channel: "a" },
	]);
	const second = await read(it, `channel=a&lastEventId=${first.lastEventId}`);
	expect(second.messages.map(({ data }) => data)).toEqual([{ n: 3 }]);
	const last = await read(it, `channel=a&lastEventId=${second.lastEventId}`);
	expect(last).toEqual({ messages: [], lastEventId: second.lastEventId, gap: false });
});

test.for([
	["application/json", true],
	["application/json, text/plain;q=0.5", true],
	["text/event-stream;q=0.5, application/json", true],
	["application/json;q=0.5, text/event-stream", false],
	["application/json, text/event-stream", false],
	["application/json, */*", false],
	["*/*", false],
	["application/*", true],
	["text/event-stream", false],
	[`${"a/b, ".repeat(300)}application/json`, false],
] as const)("Accept: %s is answered with JSON: %s", async ([accept, isJson]) => {
	const it = scene({ history: {} });
	const response = await ask(it, "channel=a", { headers: { accept } });
	const type = isJson ? "application/json" : "text/event-stream";
	expect(response.headers.get("content-type")).toBe(type);
	if (isJson) {
		expect(response.headers.get("vary")).toBe("Accept");
		expect(response.headers.get("cache-control")).toBe("no-store");
	} else await response.body?.cancel();
});

test("without a cursor reading begins now, and `wait` waits for new messages", async () => {
	const it = scene({ history: {} });
	await it.sse.publish("before", { channel: "a" });
	const waiting = read(it, "channel=a&channel=b&wait=5");
	await expect.poll(() => it.calls).toContain("head b");
	await it.sse.publish("now", { channel: "b" });
	const { messages, lastEventId } = await waiting;
	expect(messages.map(({ data, channel }) => [channel, data])).toEqual([["b", "now"]]);
	await it.sse.publish("later", { channel: "a" });
	const next = await read(it, `channel=b&channel=a&lastEventId=${lastEventId}`);
	expect(next.messages.map(({ data }) => data)).toEqual(["later"]);
});

test("messages of several channels come in the order of their ids, and each id can be continued with", async () => {
	const it = scene({ history: {} });
	const order = ["a", "b", "b", "a", "c", "a"];
	for (const [n, channel] of order.entries()) await it.sse.publish(n, { channel });
	const all = await read(it, "channel=a&channel=b&channel=c&lastEventId=0");
	expect(all.messages.map(({ data }) => data)).toEqual([0, 1, 2, 3, 4, 5]);
	for (const [n, { id }] of all.messages.entries()) {
		const rest = await read(it, `channel=c&channel=a&channel=b&lastEventId=${id}`);
		expect(rest.messages.map(({ data }) => data)).toEqual([0, 1, 2, 3, 4, 5].slice(n + 1));
	}
});

test("messages that are no longer stored are reported as a gap once", async () => {
	const it = scene({ history: { maxLength: 2 } });
	await it.sse.publish(0, { channel: "a" });
	const { lastEventId } = await read(it, "channel=a&lastEventId=0");
	for (const n of [1, 2, 3]) await it.sse.publish(n, { channel: "a" });
	const late = await read(it, `channel=a&lastEventId=${lastEventId}`);
	expect([late.gap, late.messages.at(-1)?.data]).toEqual([true, 3]);
	expect(await read(it, `channel=a&lastEventId=${late.lastEventId}`)).toMatchObject({ gap: false });
	const forged = await read(it, "channel=a&lastEventId=99999999999999-0");
	expect(forged.gap).toBe(true);
});

test("a gap of one channel is reported once and with its messages, while other channels are ahead", async () => {
	const it = scene({ history: { maxLength: 2 } });
	for (const channel of ["a", "b"]) await it.sse.publish(0, { channel });
	const { lastEventId } = await read(it, "channel=a&channel=b&lastEventId=0");
	for (const n of [1, 2]) await it.sse.publish(n, { channel: "b" });
	for (const n of [1, 2, 3, 4]) await it.sse.publish(n, { channel: "a" });
	const told: [unknown, boolean][] = [];
	for (let cursor = lastEventId; told.length < 5; ) {
		const answer = await read(it, `channel=a&channel=b&limit=1&lastEventId=${cursor}`);
		const [message] = answer.messages;
		told.push([message && [message.channel, message.data], answer.gap]);
		cursor = answer.lastEventId;
	}
	expect(told).toEqual([
		[["b", 1], false],
		[["b", 2], false],
		[["a", 2], true],
		[["a", 3], false],
		[["a", 4], false],
	]);
});

test("a message with keep: false reaches waiting readers", async () => {
	const it = scene({ history: {} });
	const waiting = read(it, "channel=a&wait=5");
	await expect.poll(() => it.calls).toContain("head a");
	await it.sse.publish("live", { channel: "a", keep: false });
	expect((await waiting).messages).toEqual([{ type: "message", data: "live", channel: "a" }]);
});

test("one answer has at most 1 MiB, and at least one message", async () => {
	const it = scene({ history: {} });
	const large = "x".repeat(700_000);
	for (let n = 0; n < 3; n++) await it.sse.publish(large, { channel: "a" });
	let cursor = "0";
	for (let n = 0; n < 3; n++) {
		const { messages, lastEventId } = await read(it, `channel=a&lastEventId=${cursor}`);
		expect(messages).toHaveLength(1);
		cursor = lastEventId;
	}
});

test.for([
	["limit=0", /^limit: must be a whole number from 1 to 500\.$/],
	["limit=501", /^limit: /],
	["limit=1e2", /^limit: /],
	["wait=26", /^wait: must be a whole number of seconds from 0 to 25\.$/],
	["wait=-1", /^wait: /],
] as const)("%s is refused with a 400", async ([query, rule]) => {
	const it = scene({ history: {} });
	await expectRefused(await ask(it, query, { headers: { accept } }), 400, rule);
});

test("without a history JSON is refused with a 400 that says so", async () => {
	const response = await ask(scene(), "channel=a", { headers: { accept } });
	await expectRefused(response, 400, /^accept: JSON needs a history/);
});

test("a temporary refusal is a 503 with Retry-After", async () => {
	const it = scene({ history: {}, limits: { connections: 1 }, cors: { origin: "*" } });
	const stream = await open(it);
	const response = await ask(it, "channel=a", { headers: { accept } });
	expect(response.status).toBe(503);
	expect(Number(response.headers.get("retry-after"))).toBeGreaterThanOrEqual(2);
	expect(response.headers.get("access-control-allow-origin")).toBe("*");
	expect(it.sse.stats().refusedStreams).toBe(1);
	stream.close();
});

test("a waiting reader holds a slot until it is answered, leaves, or the instance closes", async () => {
	const it = scene({ history: {}, limits: { connections: 1 }, linger: 0 });
	const leaving = new AbortController();
	const waiting = it.sse.fetch(
		request("channel=a&wait=25", { headers: { accept }, signal: leaving.signal }),
	);
	await expect.poll(() => it.sse.stats().channels).toBe(1);
	expect((await ask(it, "channel=a", { headers: { accept } })).status).toBe(503);
	leaving.abort();
	await waiting;
	await expect.poll(() => it.sse.stats().channels).toBe(0);
	const other = read(it, "channel=a&wait=25");
	await expect.poll(() => it.sse.stats().channels).toBe(1);
	await it.sse.close();
	expect((await other).messages).toEqual([]);
});

test("a reader that leaves during the read of the history does not begin to wait", async () => {
	const it = scene({ history: {}, linger: 0 });
	let answer: () => void = () => undefined;
	it.broker.readable = new Promise((resolve) => {
		answer = resolve;
	});
	const leaving = new AbortController();
	const asking = it.sse.fetch(
		request("channel=a&wait=25&lastEventId=0", { headers: { accept }, signal: leaving.signal }),
	);
	await expect.poll(() => it.calls).toContain("read a");
	leaving.abort();
	answer();
	await asking;
	expect(it.sse.stats().channels).toBe(0);
});

test("a wait ends when the grant expires", async () => {
	const it = scene({ history: {} });
	const asking = request("channel=a&wait=25", { headers: { accept } });
	const answer = await it.sse.stream(asking, { expires: Date.now() + 50 });
	expect(await answer.json()).toMatchObject({ messages: [], gap: false });
});

test("`limit` counts messages with keep: false", async () => {
	const it = scene({ history: {} });
	const waiting = read(it, "channel=a&wait=5&limit=1");
	await expect.poll(() => it.calls).toContain("head a");
	const both = [true, false].map((keep) => it.sse.publish(1, { channel: "a", keep }));
	await Promise.all(both);
	expect((await waiting).messages).toHaveLength(1);
});

test("authorize decides about JSON as about streams", async () => {
	const it = scene({ history: {}, authorize: (_request, names) => !names.includes("secret") });
	await expectRefused(await ask(it, "channel=secret", { headers: { accept } }), 403);
	expect((await read(it, "channel=a")).messages).toEqual([]);
});

test("readers with forged cursors share the reads", async () => {
	const it = scene({ history: {} });
	const stream = await open(it);
	await it.sse.publish(1, { channel: "a" });
	const forged = Array.from({ length: 50 }, (_, n) =>
		read(it, `channel=a&lastEventId=9999999999999-${n}`),
	);
	for (const { gap } of await Promise.all(forged)) expect(gap).toBe(true);
	expect(it.calls.filter((call) => call === "read a").length).toBeLessThanOrEqual(3);
	stream.close();
});

test("a thousand waiting readers share the reads and leave nothing behind", async () => {
	const it = scene({ history: {}, linger: 0 });
	await it.sse.publish(0, { channel: "a" });
	const { lastEventId } = await read(it, "channel=a&lastEventId=0");
	const waiting = Array.from({ length: 1_000 }, () =>
		read(it, `channel=a&wait=20&lastEventId=${lastEventId}`),
	);
	await expect.poll(() => it.calls.filter((call) => call === "subscribe a").length).toBe(2);
	await new Promise(setImmediate);
	const before = it.calls.filter((call) => call === "read a").length;
	await it.sse.publish(1, { channel: "a" });
	for (const { messages } of await Promise.all(waiting)) {
		expect(messages.map(({ data }) => data)).toEqual([1]);
	}
	expect(it.calls.filter((call) => call === "read a").length - before).toBeLessThanOrEqual(5);
	expect(it.sse.stats().channels).toBe(0);
});
