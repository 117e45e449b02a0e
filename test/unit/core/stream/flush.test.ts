import { expect, test } from "vitest";
import { useClock } from "./clock.ts";
import { open, type Scene, scene } from "./kit.ts";

const clock = useClock();

/** Publishes one message every 10 ms. */
async function publishes({ sse }: Scene, count: number, data = ""): Promise<void> {
	for (let n = 0; n < count; n++) {
		await sse.publish(`${n}${data}`, { channel: "a" });
		await clock.passes(10);
	}
}

const numbers = (count: number) => Array.from({ length: count }, (_, n) => String(n));

test("flushEvery: messages within that time are written together, in order", async () => {
	const it = scene({ flushEvery: 100, history: {} });
	const client = await open(it);
	const opening = client.chunks.length;
	await publishes(it, 100);
	await clock.passes(100);
	expect(client.events.map(({ data }) => data)).toEqual(numbers(100));
	// A second of messages is one write each 100 ms, and one at the start.
	expect(client.chunks.length - opening).toBeGreaterThanOrEqual(9);
	expect(client.chunks.length - opening).toBeLessThanOrEqual(12);
});

test("flushEvery: a message after a silence is written at once", async () => {
	const it = scene({ flushEvery: 1_000 });
	const client = await open(it);
	await publishes(it, 1);
	expect(client.events).toHaveLength(1);
	await clock.passes(1_000);
	await publishes(it, 1);
	expect(client.events).toHaveLength(2);
});

test("flushEvery: a client that joins meanwhile gets every message once", async () => {
	const it = scene({ flushEvery: 1_000, history: {} });
	const before = await open(it);
	await publishes(it, 3);
	const joined = await open(it, "channel=a&lastEventId=0");
	await publishes(it, 3);
	await clock.passes(1_000);
	for (const client of [before, joined]) {
		expect(client.events.map(({ data }) => data)).toEqual(["0", "1", "2", "0", "1", "2"]);
	}
});

test("flushEvery: a large backlog is written before the time is over", async () => {
	const it = scene({ flushEvery: 1_000 });
	const client = await open(it);
	await publishes(it, 2);
	expect(client.events).toHaveLength(1);
	await publishes(it, 1, "x".repeat(70_000));
	expect(client.events).toHaveLength(3);
});

test("flushEvery: waiting messages are written before the stream ends", async () => {
	const it = scene({ flushEvery: 1_000 });
	const client = await open(it);
	await publishes(it, 3);
	await it.sse.close();
	await clock.passes(10);
	expect(client.events.filter(({ event }) => event === undefined)).toHaveLength(3);
});
