import { expect, onTestFinished, test, vi } from "vitest";
import { memory } from "../../../../src/connectors/memory.ts";
import type { Limits } from "../../../../src/core/limits.ts";
import { ServerSentEvents } from "../../../../src/core/sse.ts";
import { durableObject } from "../../../../src/durable-object/connector.ts";
import { namespace } from "../../durable-object/namespace.ts";

interface Settings {
	perStream: Limits["perStream"];
	keepAlive?: number;
}

function scene({ perStream, keepAlive = 8_000 }: Settings) {
	const ends: string[] = [];
	const sse = new ServerSentEvents({
		connector: memory({ history: {} }),
		limits: { perStream },
		keepAlive,
		onDisconnect: (_, { reason }) => void ends.push(reason),
	});
	onTestFinished(() => sse.close());
	const open = async (query = "") => {
		const { body } = await sse.stream(new Request(`http://hub.test/?channel=a${query}`));
		return new Response(body).text();
	};
	return { sse, ends, open };
}

test.each([
	["writes", { writes: 10 }, "x"],
	["bytes", { bytes: 10_000 }, "x".repeat(1_000)],
])("a stream ends cleanly near its limit of %s", async (_, perStream, data) => {
	const { sse, ends, open } = scene({ perStream });
	const stream = open();
	for (let n = 0; ends.length === 0 && n < 30; n++) {
		await sse.publish(`${n} ${data}`, { channel: "a" });
		await new Promise((resolve) => setTimeout(resolve, 1));
	}
	const text = await stream;
	expect(ends).toEqual(["expired"]);
	expect(text).toMatch(/\n\nretry:\d+\n\n$/);
	const count = text.match(/^data:/gm)?.length ?? 0;
	// The opening counts as a write, and up to a tenth of the limit is left unused.
	expect(count).toBeGreaterThanOrEqual(8);
	expect(count).toBeLessThanOrEqual(11);
});

test("a burst is counted by its events, and is written in full", async () => {
	const { sse, open } = scene({ perStream: { writes: 10 } });
	const stream = open();
	await vi.waitFor(() => expect(sse.stats().connections).toBe(1));
	await sse.publish("first", { channel: "a" });
	await Promise.all(Array.from({ length: 50 }, (_, n) => sse.publish(`${n}`, { channel: "a" })));
	const text = await stream;
	expect(text.match(/^data:/gm)).toHaveLength(51);
});

test("a replay is counted by its events", async () => {
	const { sse, open } = scene({ perStream: { writes: 10 } });
	for (let n = 0; n < 50; n++) await sse.publish(`${n}`, { channel: "a" });
	const text = await open("&lastEventId=0");
	expect(text.match(/^data:/gm)?.length).toBeGreaterThanOrEqual(9);
});

test("each keep-alive comment counts as a write", async () => {
	vi.useFakeTimers();
	onTestFinished(() => void vi.useRealTimers());
	const { ends, open } = scene({ perStream: { writes: 10 } });
	const stream = open();
	await vi.advanceTimersByTimeAsync(60_000);
	expect(ends).toEqual([]);
	await vi.advanceTimersByTimeAsync(24_000);
	expect(ends).toEqual(["expired"]);
	expect((await stream).match(/^:$/gm)?.length).toBeGreaterThanOrEqual(7);
});

test("streams that began at the same time end at different times", async () => {
	const { sse, open } = scene({ perStream: { bytes: 100_000 } });
	const streams = Array.from({ length: 30 }, () => open());
	await vi.waitFor(() => expect(sse.stats().connections).toBe(30));
	const left: number[] = [];
	while (sse.stats().connections > 0) {
		await sse.publish("x".repeat(990), { channel: "a" });
		await new Promise((resolve) => setTimeout(resolve, 1));
		left.push(sse.stats().connections);
	}
	await Promise.all(streams);
	expect(new Set(left).size).toBeGreaterThan(5);
});

test("limits out of range and an unknown plan are refused by name", () => {
	for (const [perStream, name] of [
		[{ writes: 0 }, "limits.perStream.writes"],
		[{ bytes: "1" }, "limits.perStream.bytes"],
		[{ events: 1 }, "limits.perStream."],
	] as const) {
		expect(() => scene({ perStream: perStream as object })).toThrow(name);
	}
	const making = () => durableObject(namespace(), { plan: "pro" as "paid" });
	expect(making).toThrow('plan: must be "free" or "paid"');
});

test("durableObject() sets perStream by its plan", () => {
	expect(durableObject(namespace()).perStream?.writes).toBe(100_000);
	expect(durableObject(namespace(), { plan: "free" }).perStream).toEqual({
		writes: 40,
		bytes: 131_072,
	});
});
