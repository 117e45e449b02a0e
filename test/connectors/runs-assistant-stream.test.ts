import { AssistantMessageStream, AssistantStream, DataStreamDecoder } from "assistant-stream";
import {
	createResumableAssistantStreamResponse,
	createResumableStreamContext,
	createResumeAssistantStreamResponse,
	type ResumableStreamContext,
	type ResumableStreamStore,
} from "assistant-stream/resumable";
import { createIoredisResumableStreamStore } from "assistant-stream/resumable/ioredis";
import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { redis } from "../../src/connectors/redis.ts";
import { assistantStreamStore } from "../../src/runs.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { until } from "../support/wait.ts";
import { instance } from "./runs-kit.ts";

let server: RedisServer;
beforeAll(async () => {
	server = await startRedis();
});
afterAll(() => server.stop());

const process = () => instance(redis(server.url, { history: {}, timeout: 20_000 }));
// The type is the published one: ours is assignable to it.
const ours = (): ResumableStreamStore => assistantStreamStore(process().runs);

function published(): ResumableStreamStore {
	const client = new Redis(server.url);
	onTestFinished(async () => {
		await client.quit();
	});
	return createIoredisResumableStreamStore(client);
}

const contextOf = (store: ResumableStreamStore) => createResumableStreamContext({ store });

async function all<T>(iterable: AsyncIterable<T>): Promise<T[]> {
	const each: T[] = [];
	for await (const one of iterable) each.push(one);
	return each;
}

/** What a model says, controlled by the test. */
function model() {
	const { readable, writable } = new TransformStream<string, string>();
	const writer = writable.getWriter();
	return {
		say: (text: string) => writer.write(text),
		end: () => writer.close(),
		fail: (error: Error) => writer.abort(error),
		answer: (context: ResumableStreamContext, streamId: string) =>
			createResumableAssistantStreamResponse({
				context,
				streamId,
				callback: async (controller) => {
					for await (const text of readable) controller.appendText(text);
				},
			}),
	};
}

/** Reads a response as a page does, chunk by chunk. */
function reading(response: Response) {
	const stream = AssistantStream.fromResponse(response, new DataStreamDecoder());
	const messages = AssistantMessageStream.fromAssistantStream(stream).readable.getReader();
	let text = "";
	const next = async () => {
		const { done, value } = await messages.read();
		if (value !== undefined) {
			text = value.parts.map((part) => (part.type === "text" ? part.text : "")).join("");
		}
		return !done;
	};
	return {
		/** Until this much was said. */
		to: async (said: string) => {
			while (text !== said && (await next()));
			return text;
		},
		rest: async () => {
			while (await next());
			return text;
		},
		leave: () => messages.cancel(),
	};
}

test.each<[string, () => ResumableStreamStore]>([
	["the published store", published],
	["runs", ours],
])("%s: a reader that breaks off gets everything from another process", async (_, make) => {
	const [one, other] = [contextOf(make()), contextOf(make())];
	const streamId = crypto.randomUUID();
	expect(await other.status(streamId)).toBe("missing");
	expect(await other.resume(streamId)).toBeNull();
	const resume = () => createResumeAssistantStreamResponse({ context: other, streamId });
	expect((await resume()).status).toBe(404);

	const said = model();
	const first = reading(await said.answer(one, streamId));
	await said.say("Hello, ");
	expect(await first.to("Hello, ")).toBe("Hello, ");
	await first.leave();
	expect(await other.status(streamId)).toBe("streaming");
	await said.say("wörld");

	const again = reading(await resume());
	// A second caller reads, too.
	const unused = model();
	const second = reading(await unused.answer(other, streamId));
	expect(await again.to("Hello, wörld")).toBe("Hello, wörld");
	await said.say("!");
	await said.end();
	expect([await again.rest(), await second.rest()]).toEqual(["Hello, wörld!", "Hello, wörld!"]);

	await until(async () => (await one.status(streamId)) === "done", { what: "the end" });
	expect(await reading(await resume()).rest()).toBe("Hello, wörld!");
	await other.delete(streamId);
	expect(await one.status(streamId)).toBe("missing");
});

test.each<[string, () => ResumableStreamStore]>([
	["the published store", published],
	["runs", ours],
])("%s: the store's answer to each call", async (_, make) => {
	const [one, other] = [make(), make()];
	const id = crypto.randomUUID();
	const bytes = (...each: number[]) => Uint8Array.from(each);
	await expect(one.finalize(id, "done", undefined, { token: "x" })).rejects.toThrow();
	const taken = await one.acquireLease?.(id);
	if (taken?.role !== "producer") throw new Error("It is the first.");
	const { lease } = taken;
	expect(await other.acquireLease?.(id)).toEqual({ role: "consumer" });
	expect(await other.acquire(id)).toBe("consumer");
	// A byte order mark, half of a character, the other half, no text at all. The store keeps a copy of what it
	// is given.
	const given = bytes(0xef, 0xbb, 0xbf, 0x68);
	await one.append(id, given, lease);
	given.fill(0);
	await one.append(id, bytes(0xc3), lease);
	await one.append(id, bytes(0xb6), lease);
	await one.append(id, bytes(0xff, 0x00), lease);
	await expect(one.append(id, bytes(1), { token: "x" })).rejects.toThrow();
	expect(await one.finalize(id, "done", undefined, { token: "x" })).toBe(false);
	expect(await one.status(id)).toBe("streaming");
	expect(await one.finalize(id, "done", undefined, lease)).toBe(true);
	expect(await one.finalize(id, "done", undefined, lease)).toBe(false);
	await expect(one.append(id, bytes(1), lease)).rejects.toThrow();

	const signal = new AbortController().signal;
	const whole = [0xef, 0xbb, 0xbf, 0x68, 0xc3, 0xb6, 0xff, 0x00];
	const entries = await all(other.read(id, "", signal));
	expect(entries.flatMap(({ chunk }) => [...chunk])).toEqual(whole);
	const [{ cursor, chunk } = { cursor: "", chunk: bytes() }] = entries;
	const rest = await all(other.read(id, cursor, signal));
	expect(rest.flatMap((each) => [...each.chunk])).toEqual(whole.slice(chunk.length));

	// A run that is superseded. A signal or a delete ends its readers.
	const next = crypto.randomUUID();
	const before = await one.acquireLease?.(next);
	if (before?.role !== "producer") throw new Error("It is the first.");
	await one.append(next, bytes(0x61), before.lease);
	const abort = new AbortController();
	const readers = [abort.signal, signal].map((each) => other.read(next, "", each));
	const iterators = readers.map((each) => each[Symbol.asyncIterator]());
	for (const each of iterators) expect((await each.next()).value?.chunk).toEqual(bytes(0x61));
	const rests = iterators.map((each) => each.next());
	abort.abort();
	expect(await rests[0]).toEqual({ done: true, value: undefined });
	await other.delete(next);
	expect(await rests[1]).toEqual({ done: true, value: undefined });
	await expect(all(other.read(next, "", signal))).rejects.toThrow();
	expect(await other.acquire(next)).toBe("producer");
	await other.append(next, bytes(0x62));
	await expect(
		until(async () => one.append(next, bytes(1), before.lease), { what: "nothing" }),
	).rejects.toThrow();
	expect(await one.finalize(next, "done", undefined, before.lease)).toBe(false);
	expect(await other.finalize(next, "error", "secret")).toBe(true);
	await expect(all(one.read(next, "", signal))).rejects.toThrow();
});

test("a cancel by another process ends the stream, and its producer is told", async () => {
	const [one, other] = [process(), process()];
	const failures: unknown[] = [];
	const context = createResumableStreamContext({
		store: assistantStreamStore(one.runs),
		onError: (_, error) => failures.push(error),
	});
	const said = model();
	const first = reading(await said.answer(context, "stopped"));
	await said.say("so far");
	expect(await first.to("so far")).toBe("so far");
	expect(await other.runs.cancel("stopped")).toBe(true);
	expect(await first.rest()).toBe("so far");
	expect(await context.status("stopped")).toBe("done");
	await until(
		async () => {
			await said.say("more").catch(() => undefined);
			return failures.length > 0;
		},
		{ what: "the producer to be told" },
	);
	expect(failures).toEqual([
		expect.objectContaining({ code: expect.stringMatching(/^run_cancelled|superseded$/) }),
	]);
});

test("a failed stream or a lost producer is an error to readers, without its message", async () => {
	const { runs, errors } = process();
	const store = assistantStreamStore(runs);
	const context = contextOf(store);
	const failing = new ReadableStream<Uint8Array>({
		start: (controller) => controller.enqueue(Uint8Array.of(0x61)),
		pull: (controller) => controller.error(new Error("secret")),
	});
	const read = async (stream: ReadableStream<Uint8Array> | null) => {
		for await (const _ of stream ?? []);
	};
	await expect(read(await context.run("failed", () => failing))).rejects.toThrow(
		"The stream broke off: error.",
	);
	expect(await context.status("failed")).toBe("error");
	expect(errors).toEqual([new Error("secret")]);

	await runs.start("gone", { lease: 100 });
	await expect(read(await context.resume("gone"))).rejects.toThrow("The stream broke off: lost.");
	expect(await context.status("gone")).toBe("error");
	await expect(store.acquire("long", { ttlMs: 1_000 })).rejects.toThrow("keepDone");
});
