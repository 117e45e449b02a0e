import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SocketStream } from "../support/event-stream.ts";
import { until } from "../support/wait.ts";
import { startWorker, type Worker } from "../support/worker.ts";
import { sleepBounds } from "./durable-object-sleep-bounds.ts";
import { SleepingObjects } from "./fixtures/sleeping-client.ts";

let worker: Worker;
let objects: SleepingObjects;
beforeAll(async () => {
	worker = await startWorker({
		entry: "test/connectors/fixtures/sleeping.ts",
		objects: { SSE: "Sleeper", RELAY: "Relay", SMALL: "Small", SLOW: "Slow" },
		canEvict: true,
	});
	objects = new SleepingObjects(worker);
});
afterAll(() => worker.kill());

let channels = 0;
const fresh = () => `sleeper ${++channels}`;

describe("objects that are evicted while their streams are open", () => {
	// First: streams that leave wake their objects, and these are counted.
	test("the platform evicts a silent object, whose stream stays, and never a relay", async () => {
		const channel = fresh();
		const stream = await objects.socket(channel);
		const relayed = await objects.relay.socket(channel);
		await objects.publish(channel, "before");
		const births = await objects.births();
		// The silence is what is tested: the platform waits for 10 s of it. The Worker sends the keep-alives.
		await delay(20_000);
		expect(await objects.evict(channel)).toBe(1);
		await objects.relay.publish(channel, "awake");
		expect(await relayed.data(1)).toEqual(["awake"]);
		expect(await objects.births()).toBe(births);
		expect(stream.comments.length).toBeGreaterThan(5);
		await objects.publish(channel, "after");
		expect(await stream.data(2)).toEqual(["before", "after"]);
		expect(await objects.births()).toBe(births + 1);
	});

	test("200 channels with one viewer each: one publish to each arrives, and wakes its object", async () => {
		const names = Array.from({ length: 200 }, fresh);
		const streams = new Map<string, SocketStream>();
		for (let i = 0; i < names.length; i += 40) {
			await Promise.all(
				names.slice(i, i + 40).map(async (name) => streams.set(name, await objects.socket(name))),
			);
		}
		await objects.evict(...names);
		const births = await objects.births();
		const waits: number[] = [];
		for (const [name, stream] of streams) {
			expect(stream.state).toBe("open");
			const begun = performance.now();
			expect(await objects.publish(name, `for ${name}`)).toMatchObject({ receivers: 1 });
			expect(await stream.data(1)).toEqual([`for ${name}`]);
			waits.push(performance.now() - begun);
		}
		expect((await objects.births()) - births).toBe(200);
		waits.sort((a, b) => a - b);
		console.log(
			`Wake-up, publish to delivery: median ${waits[100]?.toFixed(1)} ms, p99 ${waits[198]?.toFixed(1)} ms.`,
		);
	});

	test("resume is exact across evictions, and no message comes twice", async () => {
		const channel = fresh();
		const stream = await objects.socket(channel);
		const sent: string[] = [];
		for (let n = 0; n < 12; n++) {
			sent.push(`${n}`);
			await objects.publish(channel, `${n}`);
			if (n % 3 === 1) await objects.evict(channel);
		}
		expect(await stream.data(12)).toEqual(sent);
		const third = stream.events[2]?.id ?? "";
		await objects.evict(channel);
		const back = await objects.socket(channel, { lastEventId: third });
		expect(await back.data(9)).toEqual(sent.slice(3));
	});

	test("a stream of 5 channels with history costs 5 requests, and later publishes arrive", async () => {
		const names = Array.from({ length: 5 }, fresh);
		const before = await objects.publish(names[0] ?? "", "before");
		const asked = await objects.requests();
		const stream = await objects.socket(names);
		expect((await objects.requests()) - asked).toBe(5);
		for (const name of names) await objects.publish(name, name);
		expect(await stream.data(5)).toEqual(names);
		// With the ids, it continues where it began.
		const lastEventId = stream.events[0]?.id ?? "";
		expect(lastEventId).not.toBe(before.id);
		const back = await objects.socket(names, { lastEventId });
		expect((await back.data(4)).toSorted()).toEqual(names.slice(1).toSorted());
	});

	test("an object that is evicted in the middle of a replay: every message comes, in order", async () => {
		const channel = fresh();
		const text = "x".repeat(2_000);
		for (let n = 0; n < 700; n += 50) {
			const batch = Array.from({ length: 50 }, (_, i) =>
				objects.publish(channel, `${n + i} ${text}`),
			);
			await Promise.all(batch);
		}
		const stream = await objects.socket(channel, { lastEventId: "0" });
		stream.pause();
		for (let n = 0; n < 3; n++) {
			await objects.evict(channel);
			await objects.publish(channel, `live ${n}`);
		}
		stream.resume();
		const data = await stream.data(703);
		expect(new Set(data).size).toBe(703);
		expect(data.slice(-3)).toEqual(["live 0", "live 1", "live 2"]);
		expect(stream.events.some(({ event }) => event === "sse.gap")).toBe(false);
	});

	test("streams held by the Worker and by the object, at once, as during a deploy: each gets every message", async () => {
		const channel = fresh();
		const byWorker = await objects.socket(channel);
		const byObject = await objects.socket(channel, { hold: "object" });
		expect(await objects.publish(channel, "one")).toMatchObject({ receivers: 2 });
		await objects.publish(channel, "two");
		for (const stream of [byWorker, byObject]) expect(await stream.data(2)).toEqual(["one", "two"]);
		byObject.reset();
		await until(async () => (await objects.publish(channel, "who?")).receivers === 1, {
			what: "the object to know",
		});
		await objects.evict(channel);
		await objects.publish(channel, "the end");
		await byWorker.first(({ data }) => data === "the end", "the end");
		// The ids of both forms are the same cursors.
		const lastEventId = byObject.events[0]?.id ?? "";
		for (const hold of ["worker", "object"]) {
			const back = await objects.socket(channel, { hold, lastEventId });
			expect((await back.data(2))[0]).toBe("two");
		}
	});

	test("100 streams whose object breaks stay open, and get what was published meanwhile", async () => {
		const channel = fresh();
		const streams: SocketStream[] = [];
		for (let n = 0; n < 100; n += 25) {
			streams.push(
				...(await Promise.all(Array.from({ length: 25 }, () => objects.socket(channel)))),
			);
		}
		const sent = ["before"];
		await objects.publish(channel, "before");
		for (const stream of streams) await stream.data(1);
		for (let round = 1; round <= 2; round++) {
			await objects.break(channel);
			// It wakes the next object, which has few of the sockets yet, or none.
			for (const n of [1, 2, 3]) {
				sent.push(`${round}.${n}`);
				await objects.publish(channel, `${round}.${n}`);
			}
			for (const stream of streams) expect(await stream.data(sent.length)).toEqual(sent);
			const areBack = async () => {
				sent.push("who?");
				return (await objects.publish(channel, "who?")).receivers === 100;
			};
			await until(areBack, { what: "all Workers to be back" });
		}
		for (const stream of streams) {
			expect(await stream.data(sent.length)).toEqual(sent);
			expect(stream).toMatchObject({ state: "open", retries: [] });
			expect(stream.events.some(({ event }) => event === "sse.gap")).toBe(false);
		}
	});

	test("a viewer that leaves is removed from a sleeping object", async () => {
		const channel = fresh();
		const stream = await objects.socket(channel);
		const other = await objects.socket(channel);
		await objects.evict(channel);
		stream.reset();
		await until(async () => (await objects.publish(channel, "who?")).receivers === 1, {
			what: "the object to know",
		});
		await other.data(1);
	});
});

sleepBounds(() => objects, fresh);
