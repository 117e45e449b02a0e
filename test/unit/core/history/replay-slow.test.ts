import { setImmediate as nextTurn } from "node:timers/promises";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ServerSentEvents } from "../../../../src/core/sse.ts";
import { Client } from "../../../resume/client.ts";
import { answered } from "./answered.ts";
import { FakeBroker } from "./broker.ts";

// The timers of the code under test fire when the test says so.
beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => void vi.useRealTimers());

test("messages that were not written because the buffer filled up are sent again", async () => {
	const broker = new FakeBroker();
	const sse = new ServerSentEvents({
		connector: broker.connect(0),
		limits: { bufferedBytes: 200 },
	});
	const [first] = await Promise.all([Client.open(sse, ["a"]), answered(broker)]);
	broker.publish("a");
	broker.publish("a");
	broker.deliver("a", 2, 0);
	const slow = await Client.open(sse, ["a"], { lastEventId: await first.placed(), paused: true });
	await nextTurn();
	expect(broker.reads).toHaveLength(1);
	broker.foreign("a");
	broker.deliver("a", 1, 0);
	await answered(broker);
	slow.resume();
	await answered(broker);
	expect(slow.events.slice(-2).map(({ data }) => data)).toEqual(['["a",1]', '["a",2]']);
	await sse.close();
});

test("a client that reads nothing for a minute is disconnected, and resumes without loss", async () => {
	const broker = new FakeBroker();
	const errors: unknown[] = [];
	const sse = new ServerSentEvents({
		connector: broker.connect(0),
		keepAlive: 1_000_000,
		limits: { bufferedBytes: 200 },
		onError: (error, { stage }) => void errors.push([(error as { code?: string }).code, stage]),
	});
	const open = async () => {
		const [client] = await Promise.all([Client.open(sse, ["a"]), answered(broker)]);
		await client.placed();
		return client;
	};
	const pass = async (seconds: number) => {
		for (let n = 0; n < 2 * seconds; n++) {
			for (const read of [...broker.reads]) read.answer();
			await vi.advanceTimersByTimeAsync(500);
		}
	};
	const publishThirty = async () => {
		for (let n = 0; n < 30; n++) {
			broker.publish("a");
			broker.deliver("a", 1, 0);
			await nextTurn();
		}
	};
	// The first client stops reading, the second reads a little in between, the third reads all.
	const [stuck, slow, quick] = [await open(), await open(), await open()];
	stuck.pause();
	slow.pause();
	await publishThirty();
	await pass(50);
	slow.resume();
	await answered(broker);
	slow.pause();
	await publishThirty();
	await pass(9);
	expect(sse.stats().connections).toBe(3);
	await pass(2);
	expect(sse.stats().connections).toBe(2);
	expect(errors).toEqual([["slow_consumer", "stream"]]);
	await pass(30);
	slow.resume();
	while (slow.seen.length < 60) await answered(broker);
	expect(quick.seen).toHaveLength(60);
	stuck.resume();
	await stuck.when(() => stuck.state !== "open", "its end");
	const [back] = await Promise.all([
		Client.open(sse, ["a"], { lastEventId: stuck.lastEventId }),
		answered(broker),
	]);
	while (stuck.seen.length + back.seen.length < 60) await answered(broker);
	expect([...stuck.seen, ...back.seen]).toEqual(quick.seen);
	expect(back.gaps).toEqual([]);
	await sse.close();
});

test("messages() that ended while it read the history yields nothing from after its end", async () => {
	const broker = new FakeBroker();
	const sse = new ServerSentEvents({
		connector: broker.connect(0),
		limits: { bufferedBytes: 200 },
	});
	const messages = sse.messages("a", { lastEventId: "0" });
	const first = messages.next();
	await nextTurn();
	broker.reads[0]?.answer();
	await nextTurn();
	expect(broker.reads, "the history is asked").toHaveLength(1);
	broker.publish("a");
	// The reader waits for the first, and the second exceeds the buffer.
	for (let n = 0; n < 2; n++) broker.foreign("a");
	broker.deliver("a", 3, 0);
	// The reader hears the first of these no more, and the store trims it.
	for (let n = 0; n < 2; n++) broker.publish("a");
	broker.deliver("a", 2, 0);
	broker.trim("a", 1);
	await answered(broker);
	expect((await first).value.data).toMatch(/^foreign/);
	expect((await messages.next()).value.data).toMatch(/^foreign/);
	await expect(messages.next()).rejects.toMatchObject({ code: "slow_consumer" });
	await sse.close();
});
