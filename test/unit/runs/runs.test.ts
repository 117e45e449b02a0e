import { describe, expect, test } from "vitest";
import { memory } from "../../../src/connectors/memory.ts";
import { ServerSentEvents } from "../../../src/exports.ts";
import { Runs } from "../../../src/runs.ts";
import { until } from "../../support/wait.ts";
import { collect, setUp, source } from "./kit.ts";

const text = (chunks: readonly { data: unknown }[]) => chunks.map(({ data }) => data).join("");

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
			expect(text(all)).toBe("Hello, world");
			expect(end).toEqual({ status: "done" });
		}
		expect(await first.done).toEqual({ status: "done" });
		expect(await second.done).toBeUndefined();
		expect(text((await collect(runs.read("a"))).all)).toBe("Hello, world");
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
		expect(text(all)).toBe("a😀b");
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
		expect(text(all)).toBe("so far");
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

describe("producers in steps", () => {
	test("append() and finish() need the lease and keep their order", async () => {
		const { runs } = setUp();
		const { role, lease = "" } = await runs.start("a", { lease: 60_000 });
		expect(role).toBe("producer");
		expect((await runs.start("a", { lease: 60_000 })).lease).toBeUndefined();
		await Promise.all(["1", "2", { three: 3 }].map((each) => runs.append("a", each, { lease })));
		await runs.finish("a", { lease, status: "done", reason: "enough" });
		await runs.finish("a", { lease, status: "done" });
		const { all, end } = await collect(runs.read("a"));
		expect(all.map(({ data }) => data)).toEqual(["1", "2", { three: 3 }]);
		expect(end).toEqual({ status: "done", reason: "enough" });
		await expect(runs.append("a", "late", { lease })).rejects.toMatchObject({ code: "superseded" });
		await expect(runs.finish("a", { lease, status: "error" })).rejects.toMatchObject({
			code: "superseded",
		});
	});

	test("append() and finish() without the right lease are refused", async () => {
		const { runs } = setUp();
		await runs.start("a", {});
		const refused = { code: "superseded" };
		await expect(runs.append("a", "x", { lease: "another" })).rejects.toMatchObject(refused);
		await expect(runs.finish("a", { lease: "another" })).rejects.toMatchObject(refused);
		await expect(runs.append("b", "x", { lease: "another" })).rejects.toMatchObject(refused);
	});

	test("append() returns the reason of a cancel", async () => {
		const { runs } = setUp();
		const { lease = "" } = await runs.start("a", {});
		expect(await runs.append("a", "x", { lease })).toEqual({});
		expect(await runs.cancel("a", "enough")).toBe(true);
		expect(await runs.append("a", "x", { lease })).toEqual({ cancel: "enough" });
		expect(await runs.status("a")).toMatchObject({ status: "running", cancel: "enough" });
		await runs.finish("a", { lease, status: "cancelled", reason: "enough" });
		expect(await runs.cancel("a")).toBe(false);
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
		expect(text(all)).toBe("so far");
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
		expect(text(all)).toBe("onetwo");
		expect(end).toEqual({ status: "done" });
	});
});

describe("lost runs", () => {
	test("a producer that says nothing is lost once its lease is over", async () => {
		const { runs } = setUp();
		const { lease = "" } = await runs.start("a", { lease: 200 });
		await runs.append("a", "so far", { lease });
		const begun = performance.now();
		const readers = await Promise.all([collect(runs.read("a")), collect(runs.read("a"))]);
		const took = performance.now() - begun;
		for (const { all, end } of readers) {
			expect(text(all)).toBe("so far");
			expect(end).toEqual({ status: "lost" });
		}
		expect(took).toBeGreaterThan(390);
		await expect(runs.append("a", "late", { lease })).rejects.toThrow("It has ended: lost.");
	});

	test("a silent source is not lost, because its lease is renewed", async () => {
		const { runs } = setUp({ lease: 150 });
		const producer = source();
		await runs.start("a", producer.run);
		const reading = collect(runs.read("a"));
		await new Promise((resolve) => setTimeout(resolve, 800));
		producer.say("at last");
		producer.end();
		const { all, end } = await reading;
		expect(text(all)).toBe("at last");
		expect(end).toEqual({ status: "done" });
	});
});

describe("status(), snapshot() and delete()", () => {
	test("status() and snapshot() are right before, during and after a run", async () => {
		const { runs } = setUp();
		expect(await runs.status("a")).toBeUndefined();
		expect(await runs.snapshot("a")).toBeUndefined();
		await expect(collect(runs.read("a"))).rejects.toMatchObject({ code: "unknown_run" });
		const producer = source();
		const { done } = await runs.start("a", producer.run);
		expect(await runs.snapshot("a")).toMatchObject({ status: "running", chunks: [], text: "" });
		producer.say("one", { two: 2 });
		await until(async () => (await runs.status("a"))?.messages === 2, { what: "two messages" });
		const snapshot = await runs.snapshot("a");
		expect(snapshot).toMatchObject({ chunks: ["one", { two: 2 }], text: "one" });
		producer.say("three");
		producer.end();
		await done;
		const rest = await collect(runs.read("a", { after: snapshot?.lastEventId }));
		expect(rest.all.map(({ data }) => data)).toEqual(["three"]);
		const status = await runs.status("a");
		expect(status).toMatchObject({ status: "done", messages: 3 });
		expect(status?.endedAt).toBeGreaterThanOrEqual(status?.startedAt ?? Infinity);
	});

	test("delete() ends the readers and the producer, and frees the id", async () => {
		const { runs } = setUp();
		const producer = source();
		const { done } = await runs.start("a", producer.run);
		producer.say("old");
		const reading = runs.read("a");
		await reading.next();
		const next = reading.next();
		await runs.delete("a");
		await expect(next).rejects.toMatchObject({ code: "unknown_run" });
		expect((await runs.start("a", () => ["new"])).role).toBe("producer");
		producer.say("late");
		await done;
		expect(producer.signal?.reason).toMatchObject({ code: "superseded" });
		expect(text((await collect(runs.read("a"))).all)).toBe("new");
	});

	test("an ended run is gone after keepDone", async () => {
		const { runs } = setUp({ keepDone: 100 });
		const { done } = await runs.start("a", () => ["one"]);
		await done;
		expect(await runs.status("a")).toBeDefined();
		await until(async () => (await runs.status("a")) === undefined, {
			what: "the end of its time",
		});
		await expect(collect(runs.read("a"))).rejects.toMatchObject({ code: "unknown_run" });
		expect((await runs.start("a", () => [])).role).toBe("producer");
	});

	test("a cursor of another run is a gap", async () => {
		const { runs } = setUp();
		await (await runs.start("a", () => ["one"])).done;
		const other = (await runs.snapshot("a"))?.lastEventId;
		await (await runs.start("b", () => ["one"])).done;
		const producer = source();
		await runs.start("c", producer.run);
		for (const id of ["b", "c"]) {
			await expect(collect(runs.read(id, { after: other }))).rejects.toMatchObject({ code: "gap" });
		}
	});
});

describe("limits", () => {
	test.each([
		["messages", { maxLength: 3 }, ["1", {}, "2", {}, "3"], "maxLength"],
		[
			"bytes",
			{ limits: { runBytes: 2_000 } },
			["x".repeat(1_500), {}, "x".repeat(1_500)],
			"runBytes",
		],
		["bytes in a chunk", { limits: { chunkBytes: 1_000 } }, ["x", "x".repeat(1_500)], "chunkBytes"],
	])(
		"over the limit of %s the run ends as an error, and earlier chunks are kept",
		async (_, options, chunks, name) => {
			const { runs, errors } = setUp(options);
			const { done } = await runs.start("a", () => chunks);
			expect(await done).toEqual({ status: "error" });
			expect(errors[0]).toMatchObject({
				code: "run_limit",
				message: expect.stringContaining(name),
			});
			const { all, end } = await collect(runs.read("a"));
			expect(all[0]?.data).toBe(chunks[0]);
			expect(end).toEqual({ status: "error" });
		},
	);

	test("limits.runs bounds the producers at a time", async () => {
		const { runs } = setUp({ limits: { runs: 1 } });
		const producer = source();
		const { done } = await runs.start("a", producer.run);
		await expect(runs.start("b", () => [])).rejects.toMatchObject({ code: "run_limit" });
		producer.end();
		await done;
		expect((await runs.start("b", () => [])).role).toBe("producer");
	});

	test("append() refuses a chunk over limits.chunkBytes, and one that JSON cannot represent", async () => {
		const { runs } = setUp({ limits: { chunkBytes: 100 } });
		const { lease = "" } = await runs.start("a", {});
		const large = runs.append("a", "x".repeat(100), { lease });
		await expect(large).rejects.toMatchObject({ code: "run_limit" });
		await expect(runs.append("a", undefined, { lease })).rejects.toThrow(TypeError);
	});
});

describe("misuse is refused", () => {
	test("wrong options are a TypeError that names them", () => {
		const { sse } = setUp();
		const bad = [
			[{ prefix: "" }, "prefix"],
			[{ maxLength: 0 }, "maxLength"],
			[{ keepDone: 1.5 }, "keepDone"],
			[{ lease: 10 }, "lease"],
			[{ batch: { wait: -1 } }, "batch.wait"],
			[{ limits: { chunkBytes: 2_000_000 } }, "limits.messageBytes"],
			[{ waitUntil: 1 }, "waitUntil"],
			[{ keepdone: 1 }, "keepDone"],
		] as const;
		for (const [options, name] of bad) {
			expect(() => new Runs(sse, options as never), name).toThrow(name);
		}
		expect(() => new Runs({} as never)).toThrow("must be a ServerSentEvents");
		const narrow = new ServerSentEvents({
			connector: memory({ history: {} }),
			channels: { allowed: ["news"] },
		});
		expect(() => new Runs(narrow)).toThrow('channels.allowed needs "run.*"');
	});

	test("a connector without a history is refused", async () => {
		const { runs } = setUp({}, { connector: memory() });
		await expect(runs.start("a", () => [])).rejects.toThrow("give it history: {}");
	});

	test("wrong ids, leases and reasons are refused", async () => {
		const { runs } = setUp();
		await expect(runs.status("")).rejects.toThrow("id: must be");
		await expect(runs.status("x".repeat(600))).rejects.toThrow("at most 512");
		await expect(runs.append("a", "x", { lease: "" })).rejects.toThrow("what start() gave");
		await expect(runs.cancel("a", "x".repeat(1_001))).rejects.toThrow("at most 1,000");
		await expect(runs.finish("a", { lease: "x", status: "lost" as never })).rejects.toThrow(
			"status",
		);
	});

	test("publishing to the channels of runs is refused", async () => {
		const { sse } = setUp();
		await expect(sse.publish("x", { channel: "run.a" })).rejects.toThrow('begin with "run."');
		await expect(sse.publishAll([{ data: 1, channel: "run.a" }])).rejects.toThrow("run.");
		await expect(sse.forget("run.a")).rejects.toThrow("Cannot forget");
		await sse.publish("x", { channel: "running" });
	});
});

test("waitUntil gets a promise for the run", async () => {
	const waited: Promise<unknown>[] = [];
	const { runs } = setUp({ waitUntil: (work) => waited.push(work) });
	await runs.start("a", () => ["one"]);
	expect(await Promise.all(waited)).toEqual([{ status: "done" }]);
});
