import type { ClientEncoder } from "../core/delivery/compression.ts";
import { crc32, shifted } from "./checksum.ts";
import { emptyBlock, stored } from "./deflate.ts";
import type { GzipChunk, Place } from "./feed.ts";

/**
 * The fixed beginning of a gzip stream: deflate, no name, no time, no system.
 *
 * @see https://www.rfc-editor.org/rfc/rfc1952#section-2.3
 */
const header = /* @__PURE__ */ Uint8Array.of(31, 139, 8, 0, 0, 0, 0, 0, 0, 255);

/** Bytes for one client alone, and their checksum. */
interface Own {
	readonly bytes: Uint8Array;
	readonly coded: Uint8Array;
	readonly crc: number;
}

/** The bytes that were sent last. Clients that missed the same are sent the same one after another. */
export class LastOwn {
	#last: Own | undefined;

	of(bytes: Uint8Array): Own {
		if (this.#last?.bytes !== bytes) {
			this.#last = { bytes, coded: stored(bytes), crc: crc32(bytes) };
		}
		return this.#last;
	}
}

/** The gzip stream of one client. */
export class GzipClient implements ClientEncoder {
	readonly #last: LastOwn;
	#hasBegun = false;
	/** The checksum and the length of what it was sent before the present run. */
	#crc = 0;
	#length = 0;
	/** The present run: the bytes of the feed that it was sent in a row. Undefined: there is none. */
	#from: Place | undefined;
	#upTo: Place | undefined;

	constructor(last: LastOwn) {
		this.#last = last;
	}

	// Later chunks must not refer to what is before these bytes: distances count them.
	own(bytes: Uint8Array): Uint8Array {
		this.#endRun();
		const { coded, crc } = this.#last.of(bytes);
		this.#add(crc, bytes.length);
		return this.#withHeader(coded);
	}

	shared(chunk: GzipChunk): Uint8Array {
		let from = this.#from;
		if (from === undefined || chunk.start !== this.#upTo) {
			this.#endRun();
			from = chunk.start;
			this.#from = from;
		}
		this.#upTo = chunk.end;
		return this.#withHeader(chunk.encodedAfter(chunk.start.at - from.at));
	}

	silence(): Uint8Array {
		return this.#withHeader(emptyBlock);
	}

	end(): Uint8Array {
		this.#endRun();
		const bytes = new Uint8Array(emptyBlock.length + 8);
		bytes.set(emptyBlock);
		bytes[0] = 1; // the last block
		const trailer = new DataView(bytes.buffer, emptyBlock.length);
		trailer.setUint32(0, this.#crc, true);
		trailer.setUint32(4, this.#length, true);
		return this.#withHeader(bytes);
	}

	#endRun(): void {
		const from = this.#from;
		const upTo = this.#upTo;
		if (from === undefined || upTo === undefined) return;
		const length = upTo.at - from.at;
		this.#add((upTo.crc ^ shifted(from.crc, length)) >>> 0, length);
		this.#from = undefined;
		this.#upTo = undefined;
	}

	#add(crc: number, length: number): void {
		this.#crc = (shifted(this.#crc, length) ^ crc) >>> 0;
		this.#length += length;
	}

	#withHeader(coded: Uint8Array): Uint8Array {
		if (this.#hasBegun) return coded;
		this.#hasBegun = true;
		const bytes = new Uint8Array(header.length + coded.length);
		bytes.set(header);
		bytes.set(coded, header.length);
		return bytes;
	}
}
