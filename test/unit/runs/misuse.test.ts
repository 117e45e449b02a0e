import { describe, expect, test } from "vitest";
import { memory } from "../../../src/connectors/memory.ts";
import { ServerSentEvents } from "../../../src/exports.ts";
import { type RunFormat, Runs } from "../../../src/runs.ts";
import { collect, setUp } from "./kit.ts";

const request = () => new Request("http://localhost/");

async function* generated() {
	yield "a";
}

/** Calls that the compiler would refuse. */
type Untyped = Record<string, (...args: unknown[]) => Promise<unknown>>;

test.each<[call: string, says: string, make: (runs: Untyped) => unknown]>([
	[
		"a stream as source",
		"source: must be a function",
		(runs) => runs.start?.("a", new ReadableStream()),
	],
	["a generator as source", "source: must be a function", (runs) => runs.start?.("a", generated())],
	["a list as source", "source: must be a function", (runs) => runs.start?.("a", ["x"])],
	["a string as source", "source: must be a function", (runs) => runs.start?.("a", "x")],
	[
		"a promise as source",
		"source: must be a function",
		(runs) => runs.start?.("a", Promise.resolve()),
	],
	[
		"start() with null",
		"start(): the options must be an object",
		(runs) => runs.start?.("a", null),
	],
	[
		"start() with a number",
		"start(): the options must be an object",
		(runs) => runs.start?.("a", 5_000),
	],
	[
		"append() without options",
		"append(): the options must be an object",
		(runs) => runs.append?.("a", "x"),
	],
	[
		"append() with a misspelt option",
		"Did you mean lease?",
		(runs) => runs.append?.("a", "x", { leese: "1" }),
	],
	[
		"finish() without options",
		"finish(): the options must be an object",
		(runs) => runs.finish?.("a"),
	],
	[
		"stream() with null",
		"stream(): the options must be an object",
		(runs) => runs.stream?.(request(), "a", null),
	],
	[
		"stream() with wait as a string",
		"wait: must be a number",
		(runs) => runs.stream?.(request(), "a", { wait: "500" }),
	],
	[
		"cancelRequest() with null",
		"cancelRequest(): the options must be an object",
		(runs) => runs.cancelRequest?.(request(), "a", null),
	],
])("%s is refused: the error says %s", async (_, says, make) => {
	const { runs } = setUp();
	const error = await Promise.resolve(make(runs as never)).catch((reason: unknown) => reason);
	expect(error).toBeInstanceOf(TypeError);
	expect(String(error)).toContain(says);
	expect(await runs.status("a")).toBeUndefined();
});

test.each([
	[{ lastEventId: "1-1" }, "lastEventId: unknown option. Write after."],
	[{ after: null }, "after: must be a string"],
	[{ after: 5 }, "after: must be a string"],
	[{ signal: "now" }, "signal: must be an AbortSignal"],
])("read(): %j is refused", async (options, says) => {
	const { runs } = setUp();
	await expect(runs.read("a", options as never).next()).rejects.toThrow(says);
});

test.each([
	["chunk", undefined],
	["end", undefined],
	["failure", "no"],
	["absent", 200],
])("a format whose %s is %s is refused before it is used", async (name, value) => {
	const { runs } = setUp();
	const format: RunFormat = {
		absent: 404,
		comesBack: true,
		chunk: () => "",
		end: () => "",
		failure: () => "",
	};
	const options = { format: { ...format, [name]: value } as never };
	const streaming = runs.stream(request(), "a", options);
	await expect(streaming).rejects.toThrow(`Runs: stream(): format.${name}: must be`);
});

test.each([
	["null", null, "Runs: the options must be an object."],
	["limits", { limits: null }, "Runs: limits: the options must be an object."],
	["batch", { batch: 50 }, "Runs: batch: the options must be an object."],
])("options that are no object are refused: %s", (_, options, says) => {
	const { sse } = setUp();
	expect(() => new Runs(sse, options as never)).toThrow(new TypeError(says));
});

test("bytes of every kind are text, from a source and by append()", async () => {
	const { runs } = setUp();
	const bytes = new TextEncoder().encode("héé");
	const kinds = [bytes, bytes.buffer, new DataView(bytes.buffer)];
	const { done } = await runs.start("a", () => kinds);
	expect(await done).toEqual({ status: "done" });
	expect((await runs.snapshot("a"))?.text).toBe("héé".repeat(3));

	const { lease = "" } = await runs.start("b", {});
	for (const each of kinds) await runs.append("b", each, { lease });
	expect((await runs.snapshot("b"))?.chunks).toEqual(["héé", "héé", "héé"]);
	// Half of a character would become two replacement characters.
	const cut = runs.append("b", bytes.subarray(0, 2), { lease });
	await expect(cut).rejects.toThrow("bytes must be text in UTF-8");
});

test("start() waits for promises in a list, and cancel() does not", async () => {
	const { runs } = setUp();
	await (await runs.start("a", () => [Promise.resolve("one"), Promise.resolve({ n: 2 })])).done;
	expect((await runs.snapshot("a"))?.chunks).toEqual(["one", { n: 2 }]);
	const { done } = await runs.start("b", () => [new Promise(() => undefined)]);
	await runs.cancel("b");
	expect(await done).toEqual({ status: "cancelled" });
});

test("when waitUntil throws the run goes on, and the error is reported", async () => {
	const failure = new Error("Illegal invocation");
	const { runs, errors } = setUp({
		waitUntil: () => {
			throw failure;
		},
	});
	const { role, done } = await runs.start("a", () => ["x"]);
	expect(role).toBe("producer");
	expect(await done).toEqual({ status: "done" });
	expect(errors).toEqual([failure]);
	expect((await collect(runs.read("a"))).end).toEqual({ status: "done" });
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
