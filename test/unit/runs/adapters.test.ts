import { expect, test } from "vitest";
import {
	aiSdkChunks,
	assistantStreamStore,
	resumableStreams,
	tanstackDurability,
} from "../../../src/runs.ts";
import { setUp } from "./kit.ts";

const encoder = new TextEncoder();

const streamOf = <T>(...chunks: T[]) =>
	new ReadableStream<T>({
		start(controller) {
			for (const chunk of chunks) controller.enqueue(chunk);
			controller.close();
		},
	});

async function textOf(stream: ReadableStream<string> | null | undefined): Promise<string> {
	let text = "";
	const reader = stream?.getReader();
	for (;;) {
		const step = await reader?.read();
		if (step === undefined || step.done) return text;
		text += step.value;
	}
}

const cut = encoder.encode('data: {"a":"é"}\n\n');

test.each<[what: string, stream: ReadableStream]>([
	["plain bytes", streamOf(cut)],
	["bytes that are cut within a character", streamOf(cut.slice(0, 13), cut.slice(13))],
	["lines that end in CRLF", streamOf('data: {"a":"é"}\r\n\r\ndata: [DONE]\r\n\r\n')],
	["data of two lines", streamOf('data: {"a":\ndata: "é"}\n\n')],
	["a stream without a blank line at its end", streamOf(': hi\n\ndata: {"a":"é"}')],
])("aiSdkChunks() reads %s", async (_, stream) => {
	const { runs } = setUp();
	const { done } = await runs.start("a", () => aiSdkChunks(stream));
	expect(await done).toEqual({ status: "done" });
	expect((await runs.snapshot("a"))?.chunks).toEqual([{ a: "é" }]);
});

test.each<[what: string, stream: unknown, says: string]>([
	["chunks that are parsed already", streamOf({ type: "start" }), "Leave it out here."],
	["undefined", undefined, "must be given the stream"],
])("aiSdkChunks(): %s is an error and not an empty answer", async (_, stream, says) => {
	const { runs, errors } = setUp();
	const { done } = await runs.start("a", () => aiSdkChunks(stream as never));
	expect(await done).toEqual({ status: "error" });
	expect(String(errors[0])).toContain(says);
});

test("resumableStreams: a client's skip counts from the start only, and a negative one is 0", async () => {
	const { runs } = setUp();
	const streams = resumableStreams(runs);
	for (const [skip, text] of [
		[-2, "hello"],
		[Number.NaN, "hello"],
		[Infinity, ""],
		[2, "llo"],
	] as const) {
		const made = streams.resumableStream(`skip.${skip}`, () => streamOf("hel", "lo"), skip);
		expect(await textOf(await made)).toBe(text);
	}
});

test("resumableStreams: a stream in place of a function is refused, and no run begins", async () => {
	const { runs } = setUp();
	const streams = resumableStreams(runs);
	const made = streams.resumableStream("a", streamOf("x") as never);
	await expect(made).rejects.toThrow("makeStream: must be a function");
	expect(await runs.status("a")).toBeUndefined();
});

test.each(["text", 5, null, [104, 105], undefined])(
	"assistantStreamStore: %j is refused as a chunk, and nothing of it is stored",
	async (chunk) => {
		const { runs } = setUp();
		const store = assistantStreamStore(runs);
		await store.acquire("a");
		await expect(store.append("a", chunk as never)).rejects.toThrow("must be a Uint8Array");
		await store.append("a", encoder.encode("right"));
		await store.finalize("a", "done");
		expect((await runs.snapshot("a"))?.chunks).toEqual(["right"]);
	},
);

test("assistantStreamStore: reading a run of another kind is an error that says so", async () => {
	const { runs } = setUp();
	await (await runs.start("a", () => [{ n: 1 }])).done;
	const reading = assistantStreamStore(runs).read("a", "", new AbortController().signal);
	const first = reading[Symbol.asyncIterator]().next();
	await expect(first).rejects.toThrow("has chunks that are no stream's");
});

test.each([
	[undefined, "a Request of the fetch API"],
	[{ raw: new Request("http://localhost/?runId=a") }, "a Request of the fetch API"],
	[{ runId: undefined }, "runId: must be a string"],
	[{ runId: 5 }, "runId: must be a string"],
])("tanstackDurability(): %j is refused at once", (given, says) => {
	const { runs } = setUp();
	expect(() => tanstackDurability(runs, given as never)).toThrow(says);
});

test("tanstackDurability: a request is accepted by its shape, and append() takes only lists", async () => {
	const { runs } = setUp();
	const { headers, url } = new Request("http://localhost/?runId=a&offset=3.a");
	const adapter = tanstackDurability(runs, { headers, url } as Request);
	expect(adapter.resumeFrom()).toBe("3.a");
	await expect(adapter.append({ type: "A" } as never)).rejects.toThrow("must be a list");
	expect(await runs.status("a")).toBeUndefined();
});
