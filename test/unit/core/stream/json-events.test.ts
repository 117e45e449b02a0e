import { expect, test } from "vitest";
import { parseCursor } from "../../../../src/core/history/cursor.ts";
import { Message } from "../../../../src/core/message/message.ts";
import type { StreamOptions } from "../../../../src/core/stream-options.ts";
import { type Scene, scene } from "./kit.ts";

/** `?sse.control=events` with JSON: the events of a stream, for clients whose streams a proxy holds back. */

interface Answer {
	messages: { id?: string; type: string; data: string }[];
	lastEventId: string;
	gap: boolean;
}

async function read(it: Scene, query: string, options: StreamOptions = {}): Promise<Answer> {
	const url = `http://hub.test/stream?sse.control=events&${query}`;
	const request = new Request(url, { headers: { accept: "application/json" } });
	const response = await it.sse.stream(request, options);
	expect(response.status).toBe(200);
	return (await response.json()) as Answer;
}

const data = ({ messages }: Answer) => messages.map((message) => message.data);

test("data has the text that a stream's event would have", async () => {
	const it = scene({ history: {} });
	const published = ["42", 'a "quote"\r\nb\rc', "", { a: [1] }, 1.5, null];
	for (const each of published) await it.sse.publish(each, { channel: "a", type: "t" });
	const answer = await read(it, "channel=a&lastEventId=0");
	expect(data(answer)).toEqual(["42", 'a "quote"\nb\nc', "", '{"a":[1]}', "1.5", "null"]);
	expect(answer.messages.at(-1)).toEqual({ id: answer.lastEventId, type: "t", data: "null" });
});

test("an envelope names the channel, and sse.cursor=named works for a single channel", async () => {
	const it = scene({ history: {} });
	await it.sse.publish("1", { channel: "a" });
	const query = "channel=a&lastEventId=0&envelope=1&sse.cursor=named";
	const answer = await read(it, query);
	expect(data(answer)).toEqual(['{"channel":"a","data":"1"}']);
	const [position, other] = parseCursor(["a", "b"], answer.lastEventId);
	expect(position).toMatch(/^\d+-\d+$/);
	expect(other).toBe("live");
	await it.sse.publish("2", { channel: "b" });
	await it.sse.publish("3", { channel: "a" });
	const both = await read(it, `channel=a&channel=b&lastEventId=${answer.lastEventId}`);
	expect(data(both)).toEqual(["3"]);
});

test("a gap is a message of the type sse.gap that names its channel", async () => {
	const it = scene({ history: { maxLength: 2 } });
	await it.sse.publish(0, { channel: "a" });
	const { lastEventId } = await read(it, "channel=a&channel=b&lastEventId=0");
	for (const n of [1, 2, 3]) await it.sse.publish(n, { channel: "a" });
	const answer = await read(it, `channel=a&channel=b&lastEventId=${lastEventId}`);
	const [gap, ...rest] = answer.messages;
	expect([gap?.type, JSON.parse(gap?.data ?? "")]).toEqual([
		"sse.gap",
		{ channel: "a", lastEventId: expect.stringMatching(/^\d+-\d+$/) },
	]);
	expect(gap).not.toHaveProperty("id");
	expect(rest.map((message) => message.data).slice(-2)).toEqual(["2", "3"]);
	expect(answer.gap).toBe(true);
	const next = await read(it, `channel=a&channel=b&lastEventId=${answer.lastEventId}`);
	expect(next).toMatchObject({ messages: [], gap: false });
});

test("X`first` and `recent` apply only without a cursor", async () => {
	const it = scene({ history: {} });
	for (const n of [1, 2, 3]) await it.sse.publish(n, { channel: "a" });
	const first = [new Message({ all: true }, { type: "snapshot" })];
	const answer = await read(it, "channel=a&wait=5", { first, recent: 2 });
	expect(data(answer)).toEqual(['{"all":true}', "2", "3"]);
	expect(answer.messages[0]).toEqual({ type: "snapshot", data: '{"all":true}' });
	let calls = 0;
	const make = () => {
		calls++;
		return first;
	};
	const next = `channel=a&lastEventId=${answer.lastEventId}`;
	expect(await read(it, next, { first: make, recent: 2 })).toMatchObject({ messages: [] });
	expect(calls).toBe(0);
	expect(data(await read(it, "channel=a", { first: make }))).toEqual(['{"all":true}']);
});

test("JSON without sse.control has no envelope, no `first` and no `recent`", async () => {
	const it = scene({ history: {} });
	await it.sse.publish({ n: 1 }, { channel: "a" });
	const headers = { accept: "application/json" };
	const request = new Request("http://hub.test/?channel=a&envelope=1&recent=1", { headers });
	const first = [new Message("no")];
	const response = await it.sse.stream(request, { first, recent: 1 });
	expect(await response.json()).toMatchObject({ messages: [], gap: false });
});
