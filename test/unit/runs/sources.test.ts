import { expect, test } from "vitest";
import { collect, setUp } from "./kit.ts";

/** The longest time for which others waited for their turn, in ms of this thread's processor time. */
function watchTurns() {
	const used = () => {
		const { user, system } = process.threadCpuUsage();
		return (user + system) / 1_000;
	};
	let longest = 0;
	let last = used();
	const look = () => {
		const now = used();
		longest = Math.max(longest, now - last);
		last = now;
	};
	const timer = setInterval(look, 1);
	return () => {
		clearInterval(timer);
		look();
		return longest;
	};
}

function* endless(chunk: unknown) {
	for (;;) yield chunk;
}

async function* endlessly(chunk: unknown) {
	for (;;) yield chunk;
}

test.each([
	["empty text", () => endless("")],
	["empty text, asynchronously", () => endlessly("")],
	["words", () => endless("word ")],
	["values", () => endless({ n: 1 })],
])(
	"a source that says %s without end does not block the event loop, and can be cancelled",
	async (_, source) => {
		const { runs } = setUp({
			maxLength: 1_000_000_000,
			limits: { runBytes: 1_000_000_000 },
		});
		const longest = watchTurns();
		const { done } = await runs.start("a", source);
		await new Promise((resolve) => setTimeout(resolve, 100));
		await runs.cancel("a");
		expect(await done).toEqual({ status: "cancelled" });
		expect(longest()).toBeLessThan(1_000);
	},
);

test("a source that arrives after the cancel is cancelled", async () => {
	const { runs, errors } = setUp();
	let come: (stream: ReadableStream) => void = () => undefined;
	const { done } = await runs.start("a", () => new Promise((resolve) => (come = resolve)));
	await runs.cancel("a");
	expect(await done).toEqual({ status: "cancelled" });
	const cancelled = new Promise<void>((resolve) => {
		come(new ReadableStream({ cancel: () => resolve() }));
	});
	await cancelled;
	expect(errors).toEqual([]);
});

test("a source that rejects after the cancel is reported", async () => {
	const { runs, errors } = setUp();
	let fail: (error: Error) => void = () => undefined;
	const { done } = await runs.start("a", () => new Promise((_, reject) => (fail = reject)));
	await runs.cancel("a");
	await done;
	const failure = new Error("too late");
	fail(failure);
	await new Promise((resolve) => setImmediate(resolve));
	expect(errors).toEqual([failure]);
});

test("gathering a batch for longer than a lease does not lose the run", async () => {
	const { runs, errors } = setUp({ lease: 300, batch: { wait: 10_000 } });
	const { done } = await runs.start("a", async function* () {
		yield "one ";
		await new Promise((resolve) => setTimeout(resolve, 20));
		yield "two ";
		await new Promise((resolve) => setTimeout(resolve, 1_500));
		yield "three";
	});
	const read = await collect(runs.read("a"));
	expect(read.all.map(({ data }) => data).join("")).toBe("one two three");
	expect(read.end).toEqual({ status: "done" });
	expect(await done).toEqual({ status: "done" });
	expect(errors).toEqual([]);
});
