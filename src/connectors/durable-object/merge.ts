/**
 * Several event streams as one, joined where events end: a chunk may be cut anywhere on its way, and
 * half an event of one stream must not be followed by another's.
 *
 * It ends with the first source that ends, or fails, so that the client comes back for all of them.
 * Whoever reads slowly slows the sources down, and is cut off by them at their bound.
 */
export function mergeFrames(
	sources: readonly ReadableStream<Uint8Array>[],
): ReadableStream<Uint8Array> {
	const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
	const writer = writable.getWriter();
	const readers = sources.map((source) => source.getReader());
	const end = () => {
		for (const reader of readers) reader.cancel().catch(ignore);
		writer.close().catch(ignore);
	};
	// Rejects when the client lets go of the merged stream, events or none.
	writer.closed.catch(end);
	for (const reader of readers) pump(reader, writer).then(end, end);
	return readable;
}

// What cannot be cancelled or closed any more is over, which is all that was wanted.
const ignore = () => undefined;

async function pump(
	reader: ReadableStreamDefaultReader<Uint8Array>,
	writer: WritableStreamDefaultWriter<Uint8Array>,
): Promise<void> {
	/** The chunks of an event whose end has not come yet. Kept apart, for a long event has many. */
	let unfinished: Uint8Array[] = [];
	let lastByte: number | undefined;
	for (;;) {
		const { value } = await reader.read();
		if (value === undefined) return;
		const end = lastEventEnd(value, lastByte);
		lastByte = value.at(-1) ?? lastByte;
		if (end === 0) {
			unfinished.push(value);
			continue;
		}
		const whole = concat([...unfinished, value.subarray(0, end)]);
		unfinished = end < value.length ? [value.subarray(end)] : [];
		await writer.write(whole);
	}
}

function concat(chunks: readonly Uint8Array[]): Uint8Array {
	const [only] = chunks;
	if (only !== undefined && chunks.length === 1) return only;
	const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
	let offset = 0;
	for (const chunk of chunks) {
		bytes.set(chunk, offset);
		offset += chunk.length;
	}
	return bytes;
}

/**
 * The index after the chunk's last blank line, 0 when none ends in it; our own frames end their lines
 * in LF alone. `before` is the byte before the chunk.
 */
function lastEventEnd(chunk: Uint8Array, before: number | undefined): number {
	for (let i = chunk.length - 1; i >= 0; i--) {
		if (chunk[i] === 0x0a && (i === 0 ? before : chunk[i - 1]) === 0x0a) return i + 1;
	}
	return 0;
}
