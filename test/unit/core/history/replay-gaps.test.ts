import { setImmediate as nextTurn } from "node:timers/promises";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ServerSentEvents } from "../../../../src/core/sse.ts";
import { Client } from "../../../resume/client.ts";
import { answered } from "./answered.ts";
import { FakeBroker } from "./broker.ts";

// The timers of the code under test fire when the test says so.
beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => void vi.useRealTimers());

test("a message that is on its way when the store is emptied reaches clients at the feed's position", async () => {
	const broker = new FakeBroker();
	const [here, there] = [0, 1].map(
		(process) => new ServerSentEvents({ connector: broker.connect(process), onError: String }),
	) as [ServerSentEvents, ServerSentEvents];
	const [first] = await Promise.all([Client.open(here, ["a"]), answered(broker)]);
	const begin = first.lastEventId;
	broker.publish("a");
	broker.deliver("a", 1, 0);
	await answered(broker);
	// The second message is stored no more, and has not arrived yet.
	broker.publish("a");
	broker.trim("a", 0);
	await Promise.all([Client.open(there, ["a"]), answered(broker)]);
	// One client missed a message that is gone. The other is at the feed's position and missed nothing.
	const { lastEventId } = first;
	const [far, near] = await Promise.all([
		Client.open(here, ["a"], { lastEventId: begin }),
		Client.open(here, ["a"], { lastEventId }),
		answered(broker),
	]);
	broker.publish("a");
	broker.deliver("a", 2, 0);
	await answered(broker);
	expect(far.gaps).toEqual([{ channel: "a", lastEventId: begin }]);
	expect(near.gaps).toEqual([]);
	expect(near.seen).toEqual([2, 3].map((n) => ["a", n]));
	expect(first.seen).toEqual([1, 2, 3].map((n) => ["a", n]));
	await Promise.all([here.close(), there.close()]);
});

test("a page read before the feed lost messages is not joined to later messages", async () => {
	const broker = new FakeBroker();
	const sse = new ServerSentEvents({ connector: broker.connect(0), onError: () => undefined });
	const [, both] = await Promise.all([
		Client.open(sse, ["a"]),
		Client.open(sse, ["a", "b"]),
		answered(broker),
		answered(broker),
	]);
	for (let n = 0; n < 3; n++) broker.publish("a");
	const begin = broker.channel("a").kept[0]?.id;
	broker.deliver("a", 3, 0);
	await answered(broker);
	const returning = Client.open(sse, ["a"], { lastEventId: begin });
	await nextTurn();
	const [page] = broker.reads;
	page?.serve();
	for (let n = 0; n < 2; n++) broker.publish("a");
	broker.trim("a", 1);
	const cursor = both.lastEventId;
	broker.lose("a", 0);
	for (const read of broker.reads.slice(1)) read.answer();
	await nextTurn();
	// The other list of channels begins to keep messages from here on.
	const other = Client.open(sse, ["a", "b"], { lastEventId: cursor });
	await nextTurn();
	page?.answer();
	for (let n = 0; n < 4; n++) await answered(broker);
	const back = await returning;
	expect(back.seen).toEqual([2, 3, 5].map((n) => ["a", n]));
	expect(back.gaps).toHaveLength(1);
	expect((await other).gaps).toHaveLength(1);
	await sse.close();
});

test("an empty page of a client that is ahead does not hide messages that the feed missed", async () => {
	const broker = new FakeBroker();
	const sse = new ServerSentEvents({ connector: broker.connect(0), onError: () => undefined });
	const [first] = await Promise.all([Client.open(sse, ["a"]), answered(broker)]);
	const begin = first.lastEventId;
	broker.publish("a");
	broker.deliver("a", 1, 0);
	await answered(broker);
	const { lastEventId } = first;
	// The feed receives nothing for a while, and the store trims.
	for (let n = 0; n < 3; n++) broker.publish("a");
	broker.trim("a", 1);
	// One client gets all stored messages, and the store has none after them.
	const far = await Client.open(sse, ["a"], { lastEventId: begin });
	for (let n = 0; n < 3; n++) await answered(broker);
	// Another client is at the feed's position.
	const near = await Client.open(sse, ["a"], { lastEventId });
	await answered(broker);
	broker.lose("a", 0);
	for (let n = 0; n < 3; n++) await answered(broker);
	broker.publish("a");
	broker.deliver("a", 3, 0);
	await answered(broker);
	for (const { seen, gaps } of [far, near]) {
		expect(seen).toEqual([4, 5].map((n) => ["a", n]));
		expect(gaps).toHaveLength(1);
	}
	await sse.close();
});

test("after a store with earlier ids took over, one gap is reported and all new messages arrive", async () => {
	const broker = new FakeBroker();
	const codes: unknown[] = [];
	const sse = new ServerSentEvents({
		connector: broker.connect(0),
		onError: (error) => void codes.push((error as { code?: string }).code),
	});
	const [client] = await Promise.all([Client.open(sse, ["a"]), answered(broker)]);
	for (let n = 0; n < 5; n++) broker.publish("a");
	broker.deliver("a", 5, 0);
	await answered(broker);
	broker.replace("a");
	broker.lose("a", 0);
	await answered(broker);
	broker.publish("a");
	broker.deliver("a", 1, 0);
	await answered(broker);
	expect(client.gaps).toHaveLength(1);
	expect(client.seen.at(-1)).toEqual(["a", 6]);
	expect(codes).toEqual(["unavailable", "gap"]);
	const [back] = await Promise.all([
		Client.open(sse, ["a"], { lastEventId: client.lastEventId }),
		answered(broker),
	]);
	broker.publish("a");
	broker.deliver("a", 1, 0);
	await answered(broker);
	expect(back.seen).toEqual([["a", 7]]);
	await sse.close();
});

test("messages that were dropped from memory during a read are no gap for a client that lags", async () => {
	const broker = new FakeBroker();
	const sse = new ServerSentEvents({ connector: broker.connect(0) });
	await Promise.all([Client.open(sse, ["a"]), answered(broker)]);
	for (let n = 0; n < 3; n++) broker.publish("a");
	broker.deliver("a", 3, 0);
	await answered(broker);
	const begin = broker.channel("a").kept[0]?.id;
	const returning = Client.open(sse, ["a"], { lastEventId: begin });
	await nextTurn();
	const [page] = broker.reads;
	page?.serve();
	// More messages than a channel keeps in memory arrive while the page, which has none of them, is on its
	// way.
	for (let n = 0; n < 5; n++) {
		broker.publish("a", 600_000);
		broker.deliver("a", 1, 0);
		await nextTurn();
	}
	page?.answer();
	for (let n = 0; n < 4; n++) await answered(broker);
	const back = await returning;
	expect(back.seen).toEqual([2, 3, 4, 5, 6, 7, 8].map((n) => ["a", n]));
	expect(back.gaps).toEqual([]);
	await sse.close();
});

test("a client that asks for everything of an expired channel is live, and costs no more reads", async () => {
	const broker = new FakeBroker();
	const sse = new ServerSentEvents({ connector: broker.connect(0) });
	await Promise.all([Client.open(sse, ["a"]), answered(broker)]);
	broker.publish("a");
	broker.deliver("a", 1, 0);
	await answered(broker);
	broker.trim("a", 0);
	const [late] = await Promise.all([
		Client.open(sse, ["a"], { lastEventId: "0" }),
		answered(broker),
	]);
	await vi.advanceTimersByTimeAsync(1_000);
	expect(broker.reads).toEqual([]);
	broker.publish("a");
	broker.deliver("a", 1, 0);
	await nextTurn();
	expect(late.seen).toEqual([["a", 2]]);
	expect(late.gaps).toEqual([]);
	await sse.close();
});
