import { setImmediate as nextTurn } from "node:timers/promises";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ServerSentEvents } from "../../../src/sse.ts";
import { Client } from "../../resume/client.ts";
import { FakeBroker } from "./broker.ts";
import { Visitor } from "./visitor.ts";

// The pauses of the code under test pass when this test says so.
beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

const channels = ["a", "b"] as const;
const lists = [["a"], ["b"], ["a", "b"], ["b", "a"], ["a"]];
/** Besides, one reads `messages()` of the first channel. */
const crowd = lists.length + 1;

type Step =
	| ["publish" | "foreign", channel: number]
	| ["lose", channel: number, process: number]
	| ["trim", channel: number, count: number]
	| ["deliver", channel: number, count: number, process: number]
	| ["open" | "start", visitor: number, process: number]
	| ["cut" | "pause" | "resume", visitor: number]
	| ["serve" | "answer" | "fail", read: number]
	| ["turn" | "wait"];

const channel = fc.nat({ max: channels.length - 1 });
const server = fc.nat({ max: 1 });
const visitor = fc.nat({ max: crowd - 1 });
const step: fc.Arbitrary<Step> = fc.oneof(
	{ weight: 8, arbitrary: fc.tuple(fc.constant("publish" as const), channel) },
	{ weight: 1, arbitrary: fc.tuple(fc.constant("foreign" as const), channel) },
	{ weight: 1, arbitrary: fc.tuple(fc.constant("lose" as const), channel, server) },
	{
		weight: 1,
		arbitrary: fc.tuple(fc.constant("trim" as const), channel, fc.integer({ min: 1, max: 8 })),
	},
	{
		weight: 6,
		arbitrary: fc.tuple(
			fc.constant("deliver" as const),
			channel,
			fc.integer({ min: 1, max: 5 }),
			server,
		),
	},
	{
		weight: 6,
		arbitrary: fc.oneof(
			fc.tuple(fc.constantFrom("open", "start"), visitor, server),
			fc.tuple(fc.constantFrom("cut", "pause", "resume"), visitor),
		),
	},
	{
		weight: 8,
		arbitrary: fc.tuple(fc.constantFrom("serve", "answer", "answer", "fail"), fc.nat({ max: 5 })),
	},
	{ weight: 6, arbitrary: fc.constantFrom<Step>(["turn"], ["wait"]) },
);

/** Everything that was published reaches everyone, once and in order, or a gap says that it could not. */
async function play(steps: readonly Step[]): Promise<void> {
	const broker = new FakeBroker();
	const surprises: unknown[] = [];
	const servers = [0, 1].map(
		(process) =>
			new ServerSentEvents({
				connector: broker.connect(process),
				maxBufferedBytes: 200,
				keepAlive: 1_000_000,
				linger: 0,
				onError: (error) => {
					const { code } = error as { code?: string };
					if (code !== "gap" && code !== "unavailable") surprises.push(error);
				},
			}),
	);
	const open = (who: Visitor, process: number, fromTheStart: boolean) => {
		const sse = servers[process];
		if (sse !== undefined) rest.push(who.open(sse, fromTheStart));
	};
	const visitors = lists.map((names) => new Visitor(broker, names, false));
	visitors.push(new Visitor(broker, ["a"], true));
	const rest: Promise<void>[] = [];
	for (const each of steps) {
		take(each);
		if (each[0] === "turn") await nextTurn();
		else if (each[0] === "wait") await vi.advanceTimersByTimeAsync(100);
		for (const each of visitors) each.check();
		await Promise.resolve();
	}

	function take([what, which = 0, more = 0, process = 0]: Step): void {
		const name = channels[which] ?? "a";
		const who = visitors[which];
		const read = broker.reads[which % Math.max(1, broker.reads.length)];
		if (what === "publish" || what === "foreign") broker[what](name);
		else if (what === "lose" || what === "trim") broker[what](name, more);
		else if (what === "deliver") broker.deliver(name, more, process);
		else if (what === "open" || what === "start") who && open(who, more, what === "start");
		else if (what === "cut") who?.cut();
		else if (what === "pause" || what === "resume") who?.client?.[what]();
		else if (what === "serve" || what === "answer" || what === "fail") read?.[what]();
	}

	// Then peace: everybody comes, all that was asked is answered, and all that is on the way arrives.
	const settled = async () => {
		for (const [n, each] of visitors.entries()) {
			if (each.client?.state === "ended") each.cut();
			open(each, n % 2, false);
			each.client?.resume();
		}
		for (const read of [...broker.reads]) read.answer();
		for (const each of channels) for (const process of [0, 1]) broker.deliver(each, 1_000, process);
		await vi.advanceTimersByTimeAsync(100);
		await nextTurn();
		return broker.reads.length === 0 && visitors.every((each) => each.client && each.isUpToDate);
	};
	let rounds = 0;
	while (!(await settled())) if (++rounds > 300) throw new Error("Someone never gets it all.");
	await Promise.all(rest);
	// And whoever is up to date is live again.
	for (const each of channels) broker.publish(each);
	rounds = 0;
	while (!(await settled())) if (++rounds > 300) throw new Error("Someone is not live again.");
	for (const each of visitors) each.cut();
	expect(surprises).toEqual([]);
	for (const sse of servers) {
		await sse.close();
		expect(sse.stats()).toMatchObject({ connections: 0, channels: 0 });
	}
}

test("however stores, feeds, losses and clients interleave: no hole, no duplicate, no false alarm", async () => {
	await fc.assert(
		fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 200, size: "max" }), play),
		{
			numRuns: Number(process.env.REPLAY_RUNS ?? 150),
			seed: Number(process.env.REPLAY_SEED ?? 20_261_122),
		},
	);
}, 60_000);

/** Answers whatever is asked until nothing more is. */
async function answered(broker: FakeBroker): Promise<void> {
	for (let turn = 0; turn < 4; turn++) {
		for (const read of [...broker.reads]) read.answer();
		await vi.advanceTimersByTimeAsync(100);
		await nextTurn();
	}
}

test("what could not be written, for the buffer was filled meanwhile, is not taken for sent", async () => {
	const broker = new FakeBroker();
	const sse = new ServerSentEvents({ connector: broker.connect(0), maxBufferedBytes: 200 });
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

test("a client that is behind and does not read for a minute is cut off, and comes back with what it has", async () => {
	vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
	const broker = new FakeBroker();
	const errors: unknown[] = [];
	const sse = new ServerSentEvents({
		connector: broker.connect(0),
		keepAlive: 1_000_000,
		maxBufferedBytes: 200,
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
	// The first reads no more, the second a little in between, the third all.
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

test("after a store whose ids begin earlier took its place, and the gap, everything comes", async () => {
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
