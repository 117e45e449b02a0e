import { setImmediate as nextTurn } from "node:timers/promises";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ServerSentEvents } from "../../../../src/core/sse.ts";
import { Client } from "../../../resume/client.ts";
import { answered } from "./answered.ts";
import { FakeBroker } from "./broker.ts";

// The timers of the code under test fire when the test says so.
beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => void vi.useRealTimers());

/** A hub with so many streams on a channel that a read for one client is kept for the next. */
async function crowded() {
	const broker = new FakeBroker();
	const sse = new ServerSentEvents({
		connector: broker.connect(0),
		keepAlive: 1_000_000,
		onError: () => undefined,
	});
	const crowd = Array.from({ length: 20 }, () => Client.open(sse, ["a"]));
	const [first] = await Promise.all([...crowd, answered(broker)]);
	const lastEventId = await first?.placed();
	let reads = 0;
	/** A client that reconnects with the first position. Its reads are answered at once. */
	const comesBack = async () => {
		const client = await Client.open(sse, ["a"], { lastEventId });
		await nextTurn();
		reads += broker.reads.length;
		for (const read of [...broker.reads]) read.answer();
		await nextTurn();
		return client;
	};
	return { broker, sse, comesBack, reads: () => reads };
}

test("clients that reconnect over many turns share one read, which is kept for a second", async () => {
	const { broker, sse, comesBack, reads } = await crowded();
	const publish = (count: number) => {
		for (let n = 0; n < count; n++) broker.publish("a");
		broker.deliver("a", count, 0);
	};
	publish(2);
	const back = [];
	for (let n = 0; n < 10; n++) {
		back.push(await comesBack());
		// Connected clients get new messages live. Clients that reconnect later get them with the rest.
		publish(1);
	}
	expect(reads()).toBe(1);
	await vi.advanceTimersByTimeAsync(1_000);
	publish(1);
	back.push(await comesBack());
	expect(reads()).toBe(2);
	// The last client needed more than one page.
	for (let n = 0; n < 3; n++) await answered(broker);
	for (const { events } of back) {
		expect(events.map(({ data }) => data)).toEqual(
			Array.from({ length: 13 }, (_, n) => `["a",${n + 1}]`),
		);
	}
	await sse.close();
});

test("a shared read does not hide messages that the feed missed later", async () => {
	const { broker, sse, comesBack } = await crowded();
	broker.publish("a");
	broker.deliver("a", 1, 0);
	expect((await comesBack()).events.map(({ data }) => data)).toEqual(['["a",1]']);
	for (let n = 0; n < 3; n++) broker.publish("a");
	broker.trim("a", 1);
	broker.lose("a", 0);
	for (const read of [...broker.reads]) read.answer();
	await nextTurn();
	const late = await comesBack();
	expect(late.events.map(({ event, data }) => event ?? data)).toEqual(["sse.gap", '["a",4]']);
	await sse.close();
});

test("a shared read causes no gap for a client that heard more from another process", async () => {
	const { broker, sse } = await crowded();
	// Published and seen at another process, and still on its way to this one.
	const comesAhead = async () => {
		broker.publish("a");
		const client = await Client.open(sse, ["a"], {
			lastEventId: broker.channel("a").kept.at(-1)?.id,
		});
		await answered(broker);
		return client;
	};
	const ahead = [await comesAhead(), await comesAhead()];
	broker.publish("a");
	broker.deliver("a", 3, 0);
	await answered(broker);
	for (const { events } of ahead) expect(events.at(-1)?.data).toBe('["a",3]');
	expect(ahead.flatMap(({ events }) => events.filter(({ event }) => event === "sse.gap"))).toEqual(
		[],
	);
	await sse.close();
});

test("close() stops the timer of a shared read", async () => {
	const { broker, sse, comesBack } = await crowded();
	broker.publish("a");
	broker.deliver("a", 1, 0);
	const before = vi.getTimerCount();
	await comesBack();
	while (vi.getTimerCount() === before) await nextTurn();
	await sse.close();
	expect(vi.getTimerCount()).toBe(0);
});
