/**
 * Several event streams as one, joined where events end: a chunk may be cut anywhere on its way, and
 * half an event of one stream must not be followed by another's.
 *
 * It ends with the first source that ends, or fails, so that the client comes back for all of them.
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
	let rest: Uint8Array = new Uint8Array();
	for (;;) {
		const { value } = await reader.read();
		if (value === undefined) return;
		const bytes = rest.length === 0 ? value : concat(rest, value);
		const end = lastEventEnd(bytes);
		rest = bytes.subarray(end);
		// Awaited, so that a client that reads slowly slows its sources, which cut it off at their bound.
		if (end > 0) await writer.write(bytes.subarray(0, end));
	}
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
	const bytes = new Uint8Array(a.length + b.length);
	bytes.set(a);
	bytes.set(b, a.length);
	return bytes;
}

/** The index after the last blank line; our own frames end their lines in LF alone. */
function lastEventEnd(bytes: Uint8Array): number {
	for (let i = bytes.length - 1; i > 0; i--) {
		if (bytes[i] === 0x0a && bytes[i - 1] === 0x0a) return i + 1;
	}
	return 0;
}
