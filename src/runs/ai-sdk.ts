import type { RunFormat } from "./format.ts";

/**
 * The AI SDK's UI message stream, version 1: each chunk is data in JSON, and `[DONE]` comes last. Its client takes a 204
 * for "nothing to resume", and a resumed stream for the whole message: pass `replay: "all"`.
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
	chunk: ({ data, id }) => `data:${JSON.stringify(data)}\nid:${id}\n\n`,
	end({ status, reason, id }) {
		const done = `data:[DONE]\nid:${id}\n\n`;
		if (status === "done") return done;
		if (status === "cancelled") return part({ type: "abort", ...(reason && { reason }) }) + done;
		const errorText =
			status === "lost" ? "The answer broke off: its producer is gone." : "The answer broke off.";
		return part({ type: "error", errorText }) + done;
	},
	failure: () => part({ type: "error", errorText: "The rest of the answer did not come." }),
};

function part(chunk: object): string {
	return `data:${JSON.stringify(chunk)}\n\n`;
}

/**
 * Reads the chunks of the stream that the AI SDK passes to `consumeSseStream`, as a source for `runs.start`. A part that is
 * no JSON ends the run as an error.
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
export async function* aiSdkChunks(stream: ReadableStream<string>): AsyncGenerator<unknown> {
	const reader = stream.getReader();
	let text = "";
	try {
		for (;;) {
			const { done, value = "" } = await reader.read();
			text += value;
			const blocks = text.split("\n\n");
			text = done ? "" : (blocks.pop() ?? "");
			for (const block of blocks) {
				const data = /^data: ?(.*)$/m.exec(block)?.[1];
				// What is no data keeps the connection alive.
				if (data !== undefined && data !== "[DONE]") yield JSON.parse(data);
			}
			if (done) return;
		}
	} finally {
		// A cancelled run cancels the copy, too.
		await reader.cancel();
	}
}
