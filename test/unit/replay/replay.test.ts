import { setImmediate as nextTurn } from "node:timers/promises";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ServerSentEvents } from "../../../src/sse.ts";
import { FakeBroker } from "./broker.ts";
import { Visitor } from "./visitor.ts";

// The pauses of the code under test pass when this test says so.
beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

const channels = ["a", "b"] as const;
const lists = [["a"], ["b"], ["a", "b"], ["b", "a"], ["a"]];

type Step =
	| ["publish" | "foreign" | "lose", channel: number]
	| ["trim" | "deliver", channel: number, count: number]
	| ["open" | "start" | "cut" | "pause" | "resume", visitor: number]
	| ["serve" | "answer" | "fail", read: number]
	| ["turn" | "wait"];

const channel = fc.nat({ max: channels.length - 1 });
const visitor = fc.nat({ max: lists.length - 1 });
const step: fc.Arbitrary<Step> = fc.oneof(
	{ weight: 8, arbitrary: fc.tuple(fc.constant("publish" as const), channel) },
	{ weight: 1, arbitrary: fc.tuple(fc.constant("foreign" as const), channel) },
	{ weight: 1, arbitrary: fc.tuple(fc.constant("lose" as const), channel) },
	{
		weight: 1,
		arbitrary: fc.tuple(fc.constant("trim" as const), channel, fc.integer({ min: 1, max: 8 })),
	},
	{
		weight: 6,
		arbitrary: fc.tuple(fc.constant("deliver" as const), channel, fc.integer({ min: 1, max: 5 })),
	},
	{
		weight: 6,
		arbitrary: fc.tuple(fc.constantFrom("open", "start", "cut", "pause", "resume"), visitor),
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
	const sse = new ServerSentEvents({
		connector: broker.connect(),
		maxBufferedBytes: 200,
		keepAlive: 1_000_000,
		linger: 0,
		onError: (error) => {
			const { code } = error as { code?: string };
			if (code !== "gap" && code !== "unavailable") surprises.push(error);
		},
	});
	const visitors = lists.map((names) => new Visitor(sse, broker, names));
	const rest: Promise<void>[] = [];
	for (const [what, which = 0, count = 0] of steps) {
		const name = channels[which] ?? "a";
		const who = visitors[which];
		const read = broker.reads[which % Math.max(1, broker.reads.length)];
		if (what === "publish") broker.publish(name);
		else if (what === "foreign") broker.foreign(name);
		else if (what === "lose") broker.lose(name);
		else if (what === "trim") broker.trim(name, count);
		else if (what === "deliver") broker.deliver(name, count);
		else if (what === "open" || what === "start") {
			const opening = who?.open(what === "start");
			if (opening !== undefined) rest.push(opening);
		} else if (what === "cut") who?.cut();
		else if (what === "pause" || what === "resume") who?.client?.[what]();
		else if (what === "turn") await nextTurn();
		else if (what === "wait") await vi.advanceTimersByTimeAsync(100);
		else read?.[what]();
		for (const each of visitors) each.check();
		await Promise.resolve();
	}

	// Then peace: everybody comes, all that was asked is answered, and all that is on the way arrives.
	const settled = async () => {
		for (const each of visitors) {
			if (each.client?.state === "ended") each.cut();
			rest.push(each.open(false));
			each.client?.resume();
		}
		for (const read of [...broker.reads]) read.answer();
		for (const each of channels) broker.deliver(each, 1_000);
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
	await sse.close();
	expect(surprises).toEqual([]);
	expect(sse.stats).toEqual({ connections: 0, channels: 0 });
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
