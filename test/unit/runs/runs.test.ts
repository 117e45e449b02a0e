import { describe, expect, test } from "vitest";
import { memory } from "../../../src/connectors/memory.ts";
import { until } from "../../support/wait.ts";
import { collect, setUp, source, textOf } from "./kit.ts";

describe("the producer of a run", () => {
	test("is the first to start it, and all readers read the same to the end", async () => {
		const { runs } = setUp();
		const first = await runs.start("a", async function* () {
			yield "Hello, ";
			yield "world";
		});
		const second = await runs.start("a", () => ["never"]);
		expect([first.role, second.role]).toEqual(["producer", "reader"]);
		const readers = Array.from({ length: 3 }, () => collect(runs.read("a")));
		for (const { all, end } of await Promise.all(readers)) {
			expect(textOf(all)).toBe("Hello, world");
			expect(end).toEqual({ status: "done" });
		}
		expect(await first.done).toEqual({ status: "done" });
		expect(await second.done).toBeUndefined();
		expect(textOf((await collect(runs.read("a"))).all)).toBe("Hello, world");
		expect((await runs.start("a", () => [])).role).toBe("reader");
	});

	test("is exactly one of two that start at once, 1,000 times", async () => {
		const { runs } = setUp();
		for (let n = 0; n < 1_000; n++) {
			const started = await Promise.all([
				runs.start(`${n}`, () => []),
				runs.start(`${n}`, () => []),
			]);
			expect(started.filter(({ role }) => role === "producer")).toHaveLength(1);
		}
	});

	test("writes text, bytes and values in order, and bytes are UTF-8 wherever they are cut", async () => {
		const { runs } = setUp();
		const euro = new TextEncoder().encode("€");
		await runs.start("a", () => ["one", { two: 2 }, euro.slice(0, 1), euro.slice(1), null, [3]]);
		const { all } = await collect(runs.read("a"));
		expect(all.map(({ data }) => data)).toEqual(["one", { two: 2 }, "€", null, [3]]);
	});

	test("writes half of a surrogate pair only with the other half", async () => {
		const { runs } = setUp({ batch: { wait: 10 } });
		const producer = source();
		await runs.start("a", producer.run);
		producer.say("a\ud83d");
		await until(async () => (await runs.snapshot("a"))?.text === "a", { what: "the first half" });
		producer.say("\ude00b");
		producer.end();
		const { all } = await collect(runs.read("a"));
		expect(textOf(all)).toBe("a😀b");
		expect(all.every(({ data }) => String(data).isWellFormed())).toBe(true);
	});

	test("may be a stream, which is cancelled with the run", async () => {
		const { runs } = setUp();
		let cancelled = false;
		const stream = new ReadableStream({
			start: (controller) => controller.enqueue("a"),
			cancel: () => {
				cancelled = true;
			},
		});
		const { done } = await runs.start("a", () => stream);
		await until(() => runs.cancel("a", "stop"), { what: "the run" });
		expect(await done).toEqual({ status: "cancelled", reason: "stop" });
		await until(() => cancelled, { what: "the source's end" });
	});

	test("that throws ends the run as an error after its chunks, and readers see no detail", async () => {
		const { runs, errors } = setUp();
		const producer = source();
		const { done } = await runs.start("a", producer.run);
		producer.say("so far");
		producer.fail(new Error("secret"));
		expect(await done).toEqual({ status: "error" });
		const { all, end } = await collect(runs.read("a"));
		expect(textOf(all)).toBe("so far");
		expect(end).toEqual({ status: "error" });
		expect(JSON.stringify(await runs.status("a"))).not.toContain("secret");
		expect(errors).toEqual([new Error("secret")]);
	});

	test("with an invalid source ends the run, and the error says what it must be", async () => {
		const { runs, errors } = setUp();
		const { done } = await runs.start("a", () => 7 as never);
		expect(await done).toEqual({ status: "error" });
		expect(String(errors[0])).toContain("must be a ReadableStream or an iterable");
	});
});

describe("batches", () => {
	test("the first chunk is sent at once, and the next ones together", async () => {
		const { runs } = setUp({ batch: { wait: 60_000 } });
		const producer = source();
		await runs.start("a", producer.run);
		producer.say("1", "2", "3");
		await until(async () => (await runs.snapshot("a"))?.text === "1", { what: "the first" });
		producer.say("4".repeat(5_000));
		await until(async () => (await runs.snapshot("a"))?.text.length === 5_003, {
			what: "the rest",
		});
		producer.end();
		const { all } = await collect(runs.read("a"));
		expect(all).toHaveLength(2);
	});

	test("a source that is faster than the broker waits", async () => {
		const connector = memory({ history: {} });
		let release: (() => void) | undefined;
		const slow = new Promise<void>((resolve) => {
			release = resolve;
		});
		const append = connector.runs?.append.bind(connector.runs);
		Object.assign(connector.runs ?? {}, {
			append: async (...args: Parameters<NonNullable<typeof append>>) => {
				await slow;
				return append?.(...args);
			},
		});
		const { runs } = setUp({}, { connector });
		let said = 0;
		const { done } = await runs.start("a", function* () {
			for (; said < 3_000; said++) yield "x".repeat(1_000);
		});
		await until(() => said > 1_000, { what: "a mebibyte" });
		await new Promise((resolve) => setImmediate(resolve));
		expect(said).toBeLessThan(1_100);
		release?.();
		expect(await done).toEqual({ status: "done" });
		expect((await runs.snapshot("a"))?.text).toHaveLength(3_000_000);
	});
});

describe("cancel()", () => {
	test("aborts the signal of a silent source", async () => {
		const { runs } = setUp();
		const producer = source();
		const { done } = await runs.start("a", producer.run);
		producer.say("so far");
		await until(async () => (await runs.snapshot("a"))?.text === "so far", { what: "a chunk" });
		expect(await runs.cancel("a", "the user said so")).toBe(true);
		expect(await done).toEqual({ status: "cancelled", reason: "the user said so" });
		expect(producer.signal?.aborted).toBe(true);
		expect(producer.signal?.reason).toMatchObject({ code: "run_cancelled" });
		const { all, end } = await collect(runs.read("a"));
		expect(textOf(all)).toBe("so far");
		expect(end).toEqual({ status: "cancelled", reason: "the user said so" });
	});

	test("is not caused by a reader that leaves", async () => {
		const { runs } = setUp();
		const producer = source();
		const { done } = await runs.start("a", producer.run);
		producer.say("one");
		for await (const _ of runs.read("a")) break;
		const abort = new AbortController();
		const reading = collect(runs.read("a", { signal: abort.signal }));
		abort.abort();
		expect((await reading).end).toBeUndefined();
		expect(producer.signal?.aborted).toBe(false);
		producer.end();
		expect(await done).toEqual({ status: "done" });
	});

	test("returns false for an unknown run, and forged messages change nothing", async () => {
		const connector = memory({ history: {} });
		const { runs } = setUp({}, { connector });
		expect(await runs.cancel("a")).toBe(false);
		const producer = source();
		await runs.start("a", producer.run);
		producer.say("one");
		await connector.publish("run.a", '{"data":null,"type":"run.cancel"}', { keep: false });
		await connector.publish("run.a", '{"data":null,"type":"run.gone"}', { keep: false });
		await connector.publish("run.a", '{"data":{"state":"done"},"type":"run.end"}');
		await connector.publish("run.a", '{"data":{"state":"done"},"type":"run.end"}', { keep: false });
		producer.say("two");
		producer.end();
		const { all, end } = await collect(runs.read("a"));
		expect(textOf(all)).toBe("onetwo");
		expect(end).toEqual({ status: "done" });
	});
});

test("waitUntil gets a promise for the run", async () => {
	const waited: Promise<unknown>[] = [];
	const { runs } = setUp({ waitUntil: (work) => waited.push(work) });
	await runs.start("a", () => ["one"]);
	expect(await Promise.all(waited)).toEqual([{ status: "done" }]);
});
