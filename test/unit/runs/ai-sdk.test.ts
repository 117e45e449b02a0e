import {
	createUIMessageStream,
	createUIMessageStreamResponse,
	DefaultChatTransport,
	readUIMessageStream,
	type UIMessage,
	type UIMessageChunk,
} from "ai";
import { expect, test } from "vitest";
import { aiSdkChunks, aiSdkFormat, type Runs } from "../../../src/runs.ts";
import { until } from "../../support/wait.ts";
import { setUp } from "./kit.ts";

/** The AI SDK's own transport, with a handler that starts and resumes runs. */
function chat(runs: Runs, stream: () => ReadableStream<UIMessageChunk>) {
	const statuses: number[] = [];
	const transport = new DefaultChatTransport<UIMessage>({
		api: "http://localhost/api/chat",
		fetch: async (input, init) => {
			const request = new Request(input, init);
			const response =
				request.method === "POST"
					? createUIMessageStreamResponse({
							stream: stream(),
							consumeSseStream: async ({ stream }) => {
								await runs.start("chat", () => aiSdkChunks(stream));
							},
						})
					: await runs.stream(request, "chat", {
							format: aiSdkFormat,
							replay: "all",
							wait: 0,
						});
			statuses.push(response.status);
			return response;
		},
	});
	return {
		statuses,
		send: () =>
			transport.sendMessages({
				trigger: "submit-message",
				chatId: "chat",
				messageId: undefined,
				messages: [],
				abortSignal: undefined,
			}),
		resume: () => transport.reconnectToStream({ chatId: "chat" }),
	};
}

/** The text of the last message of a stream, and its errors. */
async function answer(stream: ReadableStream<UIMessageChunk> | null) {
	let text = "";
	const errors: string[] = [];
	const chunks = stream ?? new ReadableStream();
	const onError = (error: unknown) => errors.push(String(error));
	for await (const message of readUIMessageStream({ stream: chunks, onError })) {
		text = message.parts.map((part) => (part.type === "text" ? part.text : "")).join("");
	}
	return { text, errors };
}

function words(count: number, pause: () => Promise<void>) {
	return createUIMessageStream({
		execute: async ({ writer }) => {
			writer.write({ type: "start", messageId: "m" });
			writer.write({ type: "text-start", id: "1" });
			for (let n = 0; n < count; n++) {
				writer.write({ type: "text-delta", id: "1", delta: `word${n} 😀\n` });
				if (n === count / 2) await pause();
			}
			writer.write({ type: "text-end", id: "1" });
			writer.write({ type: "finish" });
		},
	});
}

test("a page that reloads during an answer gets all of it once", async () => {
	const { runs } = setUp();
	let go: () => void = () => undefined;
	const pause = new Promise<void>((resolve) => {
		go = resolve;
	});
	const { send, resume } = chat(runs, () => words(100, () => pause));
	const first = answer(await send());
	await until(async () => ((await runs.status("chat"))?.messages ?? 0) > 50, { what: "a half" });
	const resumed = [answer(await resume()), answer(await resume())];
	go();
	const text = Array.from({ length: 100 }, (_, n) => `word${n} 😀\n`).join("");
	for (const each of await Promise.all([first, ...resumed])) {
		expect(each).toEqual({ text, errors: [] });
	}
	expect(await answer(await resume())).toEqual({ text, errors: [] });
});

test("with nothing to resume the answer is a 204, which the transport understands", async () => {
	const { runs } = setUp();
	const { resume, statuses } = chat(runs, () => new ReadableStream());
	expect(await resume()).toBeNull();
	expect(statuses).toEqual([204]);
});

test.each([
	["cancelled", [], { type: "abort", reason: "stop" }],
	["error", ["Error: The answer broke off."], { type: "error" }],
] as const)(
	"the end of a run as %s is a chunk that the SDK's parser knows",
	async (status, errors, chunk) => {
		const { runs } = setUp();
		const { resume } = chat(runs, () => new ReadableStream());
		const { lease = "" } = await runs.start("chat", {});
		await runs.append("chat", { type: "start", messageId: "m" }, { lease });
		await runs.append("chat", { type: "text-start", id: "1" }, { lease });
		await runs.append("chat", { type: "text-delta", id: "1", delta: "so far" }, { lease });
		await runs.finish("chat", { lease, status, reason: "stop" });
		const chunks: UIMessageChunk[] = [];
		for await (const each of (await resume()) ?? []) chunks.push(each);
		expect(chunks.at(-1)).toMatchObject(chunk);
		expect(await answer(await resume())).toEqual({ text: "so far", errors });
	},
);

test("aiSdkChunks() gives the same chunks wherever the stream is cut", async () => {
	const text = 'data: {"a":1}\n\n:\n\ndata: {"b":"x\\n\\ny"}\n\ndata: [DONE]\n\n';
	for (let size = 1; size < text.length; size++) {
		const pieces = text.match(new RegExp(`[^]{1,${size}}`, "g")) ?? [];
		const stream = new ReadableStream<string>({
			start(controller) {
				for (const piece of pieces) controller.enqueue(piece);
				controller.close();
			},
		});
		const chunks: unknown[] = [];
		for await (const chunk of aiSdkChunks(stream)) chunks.push(chunk);
		expect(chunks).toEqual([{ a: 1 }, { b: "x\n\ny" }]);
	}
});
