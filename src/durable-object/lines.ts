/**
 * Bytes, cut anywhere, as lines of text. What follows the last line end is dropped: a stream that
 * breaks in the middle of a line has not said it.
 */
export async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string, void> {
	const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
	let rest = "";
	for await (const bytes of body) {
		const text = decoder.decode(bytes, { stream: true });
		// A long line comes in many chunks: put together once, not once for each of them.
		if (!text.includes("\n")) {
			rest += text;
			continue;
		}
		const lines = (rest + text).split("\n");
		rest = lines.pop() ?? "";
		yield* lines;
	}
}
