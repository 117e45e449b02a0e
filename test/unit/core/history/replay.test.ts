import { setImmediate as nextTurn } from "node:timers/promises";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ServerSentEvents } from "../../../../src/core/sse.ts";
import { Client } from "../../../resume/client.ts";
import { FakeBroker } from "./broker.ts";
import { Visitor } from "./visitor.ts";

// The timers of the code under test fire when the test says so.
beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

const channels = ["a", "b"] as const;
const lists = [["a"], ["b"], ["a", "b"], ["b", "a"], ["a"]];
/** One more visitor reads `messages()` of the first channel. */
const visitorCount = lists.length + 1;

/** With this many streams of one list, a read for one of them is kept for the others. */
const crowd = 20;

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
const visitor = fc.nat({ max: visitorCount - 1 });
const step: fc.Arbitrary<Step> = fc.oneof(
	{ weight: 8, arbitrary: fc.tuple(fc.constant("publish" as const), channel) },
	{ weight: 1, arbitrary: fc.tuple(fc.constant("foreign" as const), channel) },
	{ weight: 1, arbitrary: fc.tuple(fc.constant("lose" as const), channel, server) },
	{
		weight: 1,
		arbitrary: fc.tuple(fc.constant("trim" as const), channel, fc.integer({ min: 0, max: 8 })),
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

/**
 * Checks that each visitor gets every message once and in order, or hears of a gap that was real.
 *
 * @param beside how many more streams each list has at each process. They only read.
 */
async function play(steps: readonly Step[], beside: number): Promise<void> {
	const broker = new FakeBroker();
	const surprises: unknown[] = [];
	const servers = [0, 1].map(
		(process) =>
			new ServerSentEvents({
				connector: broker.connect(process),
				limits: { bufferedBytes: 200 },
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
	const bystanders = servers.flatMap((sse) =>
		lists.flatMap((names) => Array.from({ length: beside }, () => Client.open(sse, names))),
	);
	if (beside > 0) {
		await nextTurn();
		for (const read of [...broker.reads]) read.answer();
	}
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

	// In the end everyone connects, all requests are answered, and all messages arrive.
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
	// Where everything was trimmed, only a newer message shows that something is missing.
	for (const each of channels) broker.publish(each);
	while (!(await settled())) if (++rounds > 300) throw new Error("Someone never gets it all.");
	await Promise.all(rest);
	// Then a client that is up to date must be live again.
	for (const each of channels) broker.publish(each);
	rounds = 0;
	while (!(await settled())) if (++rounds > 300) throw new Error("Someone is not live again.");
	for (const each of visitors) each.cut();
	for (const client of await Promise.all(bystanders)) client.close();
	expect(surprises).toEqual([]);
	for (const sse of servers) {
		await sse.close();
		expect(sse.stats()).toMatchObject({ connections: 0, channels: 0 });
	}
}

const seed = Number(process.env.REPLAY_SEED ?? 20_261_122);
const numRuns = Number(process.env.REPLAY_RUNS ?? 150);

test.for([
	["a few clients", 0, numRuns],
	["many clients", crowd, numRuns / 3],
] as const)(
	"with %s, any interleaving of stores, feeds and losses gives no loss, no duplicate and no false gap",
	async ([, beside, numRuns]) => {
		const steps = fc.array(step, { minLength: 20, maxLength: 200, size: "max" });
		const property = fc.asyncProperty(steps, (each) => play(each, beside));
		await fc.assert(property, { numRuns, seed });
	},
);
