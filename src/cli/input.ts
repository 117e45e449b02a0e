/** How long a line may be, in bytes: as long as a body that a hub takes. */
const longest = 1_048_576;

/**
 * Yields the lines of standard input as they come.
 *
 * @throws {Error} for a line that is too long for any hub, before it reads more of it.
 */
export async function* inputLines(
	input: AsyncIterable<Uint8Array | string> = process.stdin,
): AsyncGenerator<string> {
	const decoder = new TextDecoder();
	let text = "";
	for await (const chunk of input) {
		text += typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true });
		const lines = text.split("\n");
		text = lines.pop() ?? "";
		for (const line of lines) yield line.replace(/\r$/, "");
		if (text.length > longest) throw new Error(`A line of the input is over ${longest} bytes.`);
	}
	text += decoder.decode();
	if (text !== "") yield text;
}
