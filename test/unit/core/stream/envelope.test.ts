import { expect, test } from "vitest";
import { ask, open, scene } from "./kit.ts";

const wrapped = (events: readonly { data: string; event?: string | undefined }[]) =>
	events.map(({ data, event }) => [event, data]);

test("`?envelope=1` adds the channel to each event, and keeps the publisher's JSON text unchanged", async () => {
	const it = scene();
	const client = await open(it, "channel=a&channel=b&envelope=1");
	await it.broker.publish("a", '{"data": {"n": 12345678901234567890, "x": 1.0}, "type": "t"}');
	await it.sse.publish('a "quote"\nand a line', { channel: "b" });
	await client.sees(2);
	expect(wrapped(client.events)).toEqual([
		["t", '{"channel":"a","data":{"n": 12345678901234567890, "x": 1.0}}'],
		[undefined, '{"channel":"b","data":"a \\"quote\\"\\nand a line"}'],
	]);
});

test("clients with and without an envelope share one subscription", async () => {
	const it = scene({ history: {} });
	const [plain, inEnvelope] = [await open(it), await open(it, "channel=a&envelope=1")];
	await it.sse.publish({ n: 1 }, { channel: "a" });
	await Promise.all([plain.sees(1), inEnvelope.sees(1)]);
	expect([plain, inEnvelope].map(({ events }) => events[0]?.data)).toEqual([
		'{"n":1}',
		'{"channel":"a","data":{"n":1}}',
	]);
	expect(plain.lastEventId).toBe(inEnvelope.lastEventId);
	expect(it.calls.filter((call) => call.startsWith("subscribe"))).toEqual(["subscribe a"]);
	expect(it.sse.stats().messages).toBe(1);
});

test("replayed messages have the envelope too, and its channel is without the prefix", async () => {
	const it = scene({ history: {}, channels: { prefix: "app:" } });
	for (const n of [1, 2]) await it.sse.publish(n, { channel: "a" });
	const client = await open(it, "channel=a&channel=b&envelope=1&lastEventId=0");
	await client.sees(2);
	expect(client.events.map(({ data }) => data)).toEqual([
		'{"channel":"a","data":1}',
		'{"channel":"a","data":2}',
	]);
});

test("the `envelope` of a route overrides that of the URL", async () => {
	const it = scene({ history: {} });
	const host = undefined;
	const stream = (envelope: boolean, query: string) =>
		it.sse.stream(new Request(`http://hub.test/?${query}`), { channel: "a", envelope, host });
	for (const [envelope, query] of [
		[true, ""],
		[false, "envelope=1"],
	] as const) {
		const { sse } = it;
		const client = await open({
			sse: { ...sse, stats: () => sse.stats(), fetch: () => stream(envelope, query) } as never,
		});
		await it.sse.publish(7, { channel: "a" });
		await client.sees(1);
		expect(client.events[0]?.data).toBe(envelope ? '{"channel":"a","data":7}' : "7");
	}
	const asked = it.sse.stream(new Request("http://hub.test/"), { envelope: 1 as never });
	await expect(asked).rejects.toThrow("Cannot stream. envelope: must be true or false.");
	expect((await ask(it, "channel=a&envelope=yes")).status).toBe(200);
});
