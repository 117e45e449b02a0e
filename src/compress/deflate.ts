import { constants, deflateRawSync } from "node:zlib";

/** The most bytes that a block holds as they are. */
const longestBlock = 65_535;

/**
 * A block of length 0. It decodes to nothing.
 *
 * @see https://www.rfc-editor.org/rfc/rfc1951#section-3.2.4
 */
export const emptyBlock: Uint8Array = /* @__PURE__ */ Uint8Array.of(0, 0, 0, 255, 255);

/** Bytes as they are, in blocks. It costs no more than copying them. */
export function stored(bytes: Uint8Array): Uint8Array {
	const { length } = emptyBlock;
	const blocks = Math.ceil(bytes.length / longestBlock);
	const coded = new Uint8Array(bytes.length + blocks * length);
	let end = 0;
	for (let at = 0; at < bytes.length; at += longestBlock) {
		const block = bytes.subarray(at, at + longestBlock);
		const size = block.length;
		coded.set([0, size & 255, size >> 8, ~size & 255, (~size >> 8) & 255], end);
		coded.set(block, end + length);
		end += length + size;
	}
	return coded;
}

/**
 * Compresses bytes to whole blocks that end at a byte's end, so that others can follow. The call is synchronous: a
 * chunk is written in the task that made it, and the order of the writes is the order of the calls.
 *
 * @param before the bytes that its reader has decoded last. Repetitions of them are sent as references.
 */
export function deflated(bytes: Uint8Array, before: Uint8Array): Uint8Array {
	const coded = deflateRawSync(bytes, {
		finishFlush: constants.Z_SYNC_FLUSH,
		chunkSize: Math.max(constants.Z_MIN_CHUNK, bytes.length + 64),
		...(before.length > 0 && { dictionary: before }),
	});
	// A copy: the result may be a part of a larger buffer, which a slow client would keep.
	return new Uint8Array(coded);
}

/** Whether this runtime's zlib uses a dictionary. Deno's (seen: 2.9.5) takes the option and does without. */
export function hasDictionaries(): boolean {
	const sample = Uint8Array.from({ length: 64 }, (_, at) => at);
	return deflated(sample, sample).length < sample.length / 2;
}
