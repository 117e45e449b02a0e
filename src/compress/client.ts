import type { ClientEncoder, SharedChunk } from "../core/delivery/compression.ts";
import { emptyBlock } from "./deflate.ts";

/**
 * The fixed beginning of a gzip stream: deflate, no name, no time, no system.
 *
 * @see https://www.rfc-editor.org/rfc/rfc1952#section-2.3
 */
const header = /* @__PURE__ */ Uint8Array.of(31, 139, 8, 0, 0, 0, 0, 0, 0, 255);

/** No chunk begins here. */
const nowhere = -1;

/**
 * The gzip stream of one client. It has no end with a checksum: that would need a sum per client over all bytes, and a
 * stream that is cut off says the same. Clients take it for a clean end.
 */
export class GzipClient implements ClientEncoder {
	readonly #stored: (bytes: Uint8Array) => Uint8Array;
	#hasBegun = false;
	/** Where the bytes of the feed begin that it was sent in a row. */
	#from = nowhere;
	/** Where they end. Nothing of its own came after them. */
	#upTo = nowhere;

	constructor(stored: (bytes: Uint8Array) => Uint8Array) {
		this.#stored = stored;
	}

	// Later chunks must not refer to what is before these bytes: distances count them.
	own(bytes: Uint8Array): Uint8Array {
		this.#upTo = nowhere;
		return this.#withHeader(this.#stored(bytes));
	}

	shared(chunk: SharedChunk): Uint8Array {
		if (chunk.start !== this.#upTo) this.#from = chunk.start;
		this.#upTo = chunk.end;
		return this.#withHeader(chunk.encodedAfter(chunk.start - this.#from));
	}

	silence(): Uint8Array {
		return this.#withHeader(emptyBlock);
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
