/**
 * Splits bytes, cut anywhere, into lines of text. Text after the last line end is dropped: a
 * stream that breaks within a line has not completed it.
 */
export async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string, void> {
	const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
	let rest = "";
	for await (const bytes of body) {
		const text = decoder.decode(bytes, { stream: true });
		// A long line comes in many chunks. They are joined once, not once per chunk.
		if (!text.includes("\n")) {
			rest += text;
			continue;
		}
		const lines = (rest + text).split("\n");
		rest = lines.pop() ?? "";
		yield* lines;
	}
}
