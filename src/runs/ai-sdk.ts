import { frame } from "../core/message/frame.ts";
import { isBytes } from "./chunks.ts";
import type { RunFormat } from "./format.ts";

/**
 * The AI SDK's UI message stream, version 1: each chunk is JSON data, and `[DONE]` comes last. Its client reads a 204 as
 * "nothing to resume", and expects a resumed stream to hold the whole message: pass `replay: "all"`.
 *
 * @example
 * ```ts
 * app.get("/api/chat/:id/stream", (c) =>
 * 	runs.stream(c.req.raw, c.req.param("id"), { format: aiSdkFormat, replay: "all", wait: 0 }),
 * );
 * ```
 *
 * @see https://ai-sdk.dev/docs/ai-sdk-ui/stream-protocol
 */
export const aiSdkFormat: RunFormat = {
	headers: { "x-vercel-ai-ui-message-stream": "v1" },
	absent: 204,
	comesBack: false,
	chunk: ({ data, id }) => frame({ data: JSON.stringify(data), id }),
	end({ status, reason, id }) {
		const done = frame({ data: "[DONE]", id });
		if (status === "done") return done;
		if (status === "cancelled") return part({ type: "abort", ...(reason && { reason }) }) + done;
		const errorText =
			status === "lost" ? "The answer broke off: its producer is gone." : "The answer broke off.";
		return part({ type: "error", errorText }) + done;
	},
	failure: () => part({ type: "error", errorText: "The rest of the answer did not come." }),
};

function part(chunk: object): string {
	return frame({ data: JSON.stringify(chunk) });
}

/**
 * Reads the chunks of the stream that the AI SDK passes to `consumeSseStream`, as a source for `runs.start`. A part that
 * is not JSON ends the run with an error.
 *
 * @example
 * ```ts
 * const response = createUIMessageStreamResponse({
 * 	stream,
 * 	consumeSseStream: async ({ stream: copy }) => {
 * 		await runs.start(id, () => aiSdkChunks(copy));
 * 	},
 * });
 * ```
 */
export async function* aiSdkChunks(
	stream: ReadableStream<string | Uint8Array>,
): AsyncGenerator<unknown> {
	if (typeof stream?.getReader !== "function") {
		throw new TypeError("aiSdkChunks: must be given the stream that consumeSseStream gets.");
	}
	const reader = stream.getReader();
	const decoder = new TextDecoder();
	let text = "";
	try {
		for (;;) {
			const { done, value } = await reader.read();
			text += done ? "" : textOf(value, decoder);
			const blocks = text.split(/\r\n\r\n|\n\n|\r\r/);
			// The last one may lack its blank line.
			text = done ? "" : (blocks.pop() ?? "");
			for (const block of blocks) {
				const data = dataOf(block);
				// Comments only keep the connection alive.
				if (data !== "" && data !== "[DONE]") yield JSON.parse(data);
			}
			if (done) return;
		}
	} finally {
		// A cancelled run cancels the copy, too.
		await reader.cancel();
	}
}

function textOf(value: unknown, decoder: TextDecoder): string {
	if (typeof value === "string") return value;
	if (isBytes(value)) return decoder.decode(value, { stream: true });
	// Text needs no reading: runs.start(id, () => stream).
	throw new TypeError(
		"aiSdkChunks: the stream has values, and no text of events. Leave it out here.",
	);
}

function dataOf(block: string): string {
	const lines = block.split(/\r\n|\r|\n/).filter((line) => line.startsWith("data:"));
	return lines.map((line) => line.slice("data:".length).trimStart()).join("\n");
}
