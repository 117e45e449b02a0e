import {
	EventType,
	memoryStream,
	RUN_CANCEL_REASON,
	resumeServerSentEventsResponse,
	type StreamChunk,
	type StreamDurability,
	toServerSentEventsResponse,
} from "@tanstack/ai";
import { EventSourceParserStream } from "eventsource-parser/stream";
import { afterAll, beforeAll, expect, test } from "vitest";
import { redis } from "../../src/connectors/redis.ts";
import { tanstackDurability } from "../../src/runs.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { instance } from "./runs-kit.ts";

let server: RedisServer;
beforeAll(async () => {
	server = await startRedis();
});
afterAll(() => server.stop());

type Make = (request: Request) => StreamDurability;

const process = () => instance(redis(server.url, { history: {}, timeout: 20_000 }));
// The type is the published one: ours is assignable to it.
const ours = (): Make => {
	const { runs } = process();
	return (request) => tanstackDurability(runs, request);
};

function asks({ runId, offset, last }: { runId?: string; offset?: string; last?: string }) {
	const url = new URL("http://localhost/api/chat");
	if (offset !== undefined) url.searchParams.set("offset", offset);
	if (runId !== undefined && offset !== undefined) url.searchParams.set("runId", runId);
	const headers = new Headers();
	if (runId !== undefined && offset === undefined) headers.set("x-run-id", runId);
	if (last !== undefined) headers.set("last-event-id", last);
	return new Request(url, { headers });
}

/** What a model says, word by word, controlled by the test. */
function model() {
	const { readable, writable } = new TransformStream<StreamChunk, StreamChunk>();
	const writer = writable.getWriter();
	const ids = { threadId: "thread", runId: "run", timestamp: 0 };
	const message = { messageId: "message", timestamp: 0 };
	return {
		stream: readable,
		begin: () => writer.write({ type: EventType.RUN_STARTED, ...ids }),
		// A tool's call is stored at once, and words in batches.
		say: async (...words: string[]) => {
			for (const delta of words) {
				await writer.write({ type: EventType.TEXT_MESSAGE_CONTENT, delta, ...message });
			}
			await writer.write({ type: EventType.CUSTOM, name: "said", value: {}, timestamp: 0 });
		},
		end: async () => {
			await writer.write({ type: EventType.RUN_FINISHED, ...ids });
			await writer.close();
		},
		fail: (error: Error) => writer.abort(error),
	};
}

/** Reads a response, chunk by chunk. */
function reading(response: Response) {
	const events = response.body
		?.pipeThrough(new TextDecoderStream())
		.pipeThrough(new EventSourceParserStream())
		.getReader();
	const ids: (string | undefined)[] = [];
	let text = "";
	let last: Record<string, unknown> = {};
	const next = async () => {
		const { done, value } = (await events?.read()) ?? { done: true };
		if (done || value === undefined) return false;
		ids.push(value.id);
		last = JSON.parse(value.data);
		text += last.delta ?? "";
		return true;
	};
	return {
		ids,
		next,
		/** Until this much was said. */
		to: async (said: string) => {
			while (text !== said && (await next()));
			return text;
		},
		rest: async () => {
			while (await next());
			return { text, type: last.type, code: last.code, message: last.message };
		},
		leave: () => events?.cancel(),
	};
}

const produce = (stream: AsyncIterable<StreamChunk>, adapter: StreamDurability) =>
	reading(toServerSentEventsResponse(stream, { debug: false, durability: { adapter } }));
const resume = (adapter: StreamDurability) => reading(resumeServerSentEventsResponse({ adapter }));

test.each<[string, () => Make]>([
	["the published memory", () => (request) => memoryStream(request)],
	["runs", ours],
])("%s: a reader that breaks off continues where it was, in another process", async (_, make) => {
	const [one, other] = [make(), make()];
	const runId = crypto.randomUUID();
	const answer = model();
	const first = produce(answer.stream, one(asks({ runId })));
	await answer.begin();
	await answer.say("Hello", ", ");
	expect(await first.to("Hello, ")).toBe("Hello, ");
	await first.leave();
	await answer.say("wor");

	// The page of before, and a second tab.
	const again = resume(other(asks({ last: first.ids.at(-1) ?? "" })));
	const tab = resume(other(asks({ runId, offset: "-1" })));
	expect(await again.to("wor")).toBe("wor");
	expect(await tab.to("Hello, wor")).toBe("Hello, wor");
	await answer.say("ld");
	await answer.end();
	expect(await again.rest()).toMatchObject({ text: "world", type: "RUN_FINISHED" });
	expect(await tab.rest()).toMatchObject({ text: "Hello, world", type: "RUN_FINISHED" });
	expect(tab.ids.slice(first.ids.length, first.ids.length + again.ids.length)).not.toEqual([]);

	// After its end, by the last id of both.
	expect(tab.ids.at(-1)).toBe(again.ids.at(-1));
	expect(await resume(other(asks({ last: tab.ids.at(-1) ?? "" }))).rest()).toEqual({ text: "" });
	const kept = await other(asks({ runId, offset: "-1" })).snapshot();
	expect(kept.map(({ offset }) => offset)).toEqual(tab.ids);
	expect(kept.at(-1)?.chunk).toMatchObject({ type: "RUN_FINISHED" });
});

test("offset=now: only what comes", async () => {
	const make = ours();
	const runId = crypto.randomUUID();
	const answer = model();
	const first = produce(answer.stream, make(asks({ runId })));
	await answer.say("before");
	await first.to("before");
	const late = resume(make(asks({ runId, offset: "now" })));
	let hasHeard = false;
	const hearing = late.next().then(() => {
		hasHeard = true;
	});
	while (!hasHeard) await answer.say("after");
	await hearing;
	await answer.end();
	const { text, type } = await late.rest();
	expect({ text: text.replaceAll("after", ""), type }).toEqual({ text: "", type: "RUN_FINISHED" });
});

test("a cancel by another process stops the model, and readers are told that it was aborted", async () => {
	const [one, other] = [process(), process()];
	const runId = crypto.randomUUID();
	const answer = model();
	const abortController = new AbortController();
	const adapter = tanstackDurability<StreamChunk>(one.runs, asks({ runId }), { abortController });
	const logged: string[] = [];
	const log = (line: string) => void logged.push(line);
	const logger = { debug: log, info: log, warn: log, error: log };
	const init = { abortController, durability: { adapter }, debug: { logger } };
	const first = reading(toServerSentEventsResponse(answer.stream, init));
	await answer.say("so far");
	await first.to("so far");
	const reader = resume(tanstackDurability(other.runs, asks({ runId, offset: "-1" })));
	expect(await reader.to("so far")).toBe("so far");
	expect(await other.runs.cancel(runId)).toBe(true);
	const aborted = { text: "so far", type: "RUN_ERROR", code: "aborted" };
	expect(await reader.rest()).toMatchObject(aborted);
	expect(abortController.signal.reason).toBe(RUN_CANCEL_REASON);
	expect((await other.runs.status(runId))?.status).toBe("cancelled");
	// What it says then goes nowhere, and its own reader ends.
	await answer.end().catch(() => undefined);
	expect(await first.rest()).toMatchObject({ text: "so far" });
	const late: StreamChunk = { type: EventType.CUSTOM, name: "late", value: {}, timestamp: 0 };
	await expect(adapter.append([late])).rejects.toMatchObject({ code: "run_cancelled" });
	expect({ logged, errors: one.errors }).toEqual({ logged: [], errors: [] });
});

test("a run that breaks off is an error to its readers", async () => {
	const { runs, errors } = process();
	const make: Make = (request) => tanstackDurability(runs, request);
	const runId = crypto.randomUUID();
	const answer = model();
	const first = produce(answer.stream, make(asks({ runId })));
	await answer.begin();
	await answer.fail(new Error("The model is away."));
	const failed = { type: "RUN_ERROR", message: "The model is away." };
	expect(await first.rest()).toMatchObject(failed);
	expect(await resume(make(asks({ runId, offset: "-1" }))).rest()).toMatchObject(failed);

	// A second producer of the same run, an offset that no run has, and a truncated one.
	const second = produce(model().stream, make(asks({ runId })));
	expect(await second.rest()).toMatchObject({ type: "RUN_ERROR", code: "superseded" });
	for (const last of ["7.nobody", "7.%", "x", `999.${runId.slice(1)}`]) {
		const told = await resume(make(asks({ last }))).rest();
		expect(told).toMatchObject({ type: "RUN_ERROR", code: "unknown_run" });
	}

	const { lease } = await runs.start("lost", { lease: 100 });
	await runs.append("lost", { type: "CUSTOM" }, { lease: lease ?? "" });
	const lost = { type: "RUN_ERROR", message: "The stream broke off: lost." };
	expect(await resume(make(asks({ runId: "lost", offset: "-1" }))).rest()).toMatchObject(lost);
	expect(errors).toEqual([]);
});
