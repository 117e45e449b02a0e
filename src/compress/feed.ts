import type { FeedEncoder, SharedChunk } from "../core/delivery/compression.ts";
import { crc32 } from "./checksum.ts";
import { deflated, stored } from "./deflate.ts";
import type { Windows } from "./windows.ts";
import { windowBytes } from "./windows.ts";

/**
 * How far back a chunk may refer, in bytes. A client that has just joined, or was sent something of its own, can use
 * the first, and the others soon: it takes part without anybody else noticing.
 */
const reaches = [0, 1_024, 4_096, windowBytes] as const;

/**
 * A chunk is compressed at most once for this many clients. With 32 of them a compression (20 to 60 µs) is below a
 * fifth of what writing to them costs.
 */
export const clientsPerEncoding = 32;

/** A chunk of more bytes has enough repetitions of its own. */
const longestWithWindow = 65_536;

const nothing = /* @__PURE__ */ new Uint8Array();

/** How many clients asked for a chunk, by the farthest reach that each could use. */
type Census = number[];

/** Compresses what the clients of a feed get, once for all that can decode the same. */
export class GzipFeed implements FeedEncoder {
	readonly #windows: Windows | undefined;
	/** Bytes so far, and their checksum. */
	#end = 0;
	#crc = 0;
	/** Of the last chunk that every client was sent. */
	#settled: Census = [];
	/** Of the chunk that is being sent. */
	#current: Census = [];

	/** @param windows undefined: each chunk is compressed by itself. */
	constructor(windows: Windows | undefined) {
		this.#windows = windows;
	}

	next(bytes: Uint8Array): GzipChunk {
		const chunk = new GzipChunk(this, bytes, this.#before(bytes), this.#end, this.#crc);
		this.#end = chunk.end;
		this.#crc = chunk.crcEnd;
		return chunk;
	}

	/** The bytes that the next chunk may refer to. It joins them. */
	#before(bytes: Uint8Array): Uint8Array {
		if (this.#windows === undefined) return nothing;
		if (Math.max(sum(this.#settled), sum(this.#current)) < clientsPerEncoding) {
			this.#windows.free(this);
			return nothing;
		}
		const window = this.#windows.use(this);
		if (window === undefined) return nothing;
		const { tail } = window;
		window.append(bytes);
		return bytes.length > longestWithWindow ? nothing : tail;
	}

	/**
	 * A chunk begins to be sent: all clients have the one before.
	 *
	 * @param census is filled while it is sent.
	 * @returns the reaches that it is compressed with: those that most clients can use.
	 */
	begin(census: Census): Set<number> {
		if (sum(this.#current) > 0) this.#settled = this.#current;
		this.#current = census;
		const clients = this.#settled;
		const most = Math.floor(sum(clients) / clientsPerEncoding);
		const byClients = reaches.map((_, at) => at);
		byClients.sort((a, b) => (clients[b] ?? 0) - (clients[a] ?? 0));
		return new Set(byClients.slice(0, most));
	}

	close(): void {
		this.#windows?.free(this);
	}
}

/** Bytes that all clients of a feed get, in as many forms as they need. */
export class GzipChunk implements SharedChunk {
	readonly bytes: Uint8Array;
	/** Where it begins and ends among all bytes of the feed, and their checksums up to there. */
	readonly start: number;
	readonly end: number;
	readonly crcStart: number;
	readonly crcEnd: number;
	readonly #feed: GzipFeed;
	readonly #before: Uint8Array;
	/** Undefined until the first client asks. */
	#allowed: Set<number> | undefined;
	readonly #census: Census = reaches.map(() => 0);
	readonly #encoded: (Uint8Array | undefined)[] = [];
	#stored: Uint8Array | undefined;

	/** @param before the bytes of the feed that it may refer to. */
	constructor(feed: GzipFeed, bytes: Uint8Array, before: Uint8Array, start: number, crc: number) {
		this.#feed = feed;
		this.bytes = bytes;
		this.#before = before;
		this.start = start;
		this.end = start + bytes.length;
		this.crcStart = crc;
		this.crcEnd = crc32(bytes, crc);
	}

	/**
	 * @param run how many bytes of the feed a client has been sent in a row, up to this chunk and with nothing in between.
	 * @returns the chunk as such a client can decode it.
	 */
	encodedAfter(run: number): Uint8Array {
		this.#allowed ??= this.#feed.begin(this.#census);
		const usable = Math.min(run, this.#before.length);
		const farthest = reaches.findLastIndex((reach) => reach <= usable);
		this.#census[farthest] = (this.#census[farthest] ?? 0) + 1;
		for (let at = farthest; at >= 0; at--) if (this.#allowed.has(at)) return this.#encode(at);
		this.#stored ??= stored(this.bytes);
		return this.#stored;
	}

	#encode(at: number): Uint8Array {
		let encoded = this.#encoded[at];
		if (encoded === undefined) {
			const reach = reaches[at] ?? 0;
			encoded = deflated(this.bytes, this.#before.subarray(this.#before.length - reach));
			this.#encoded[at] = encoded;
		}
		return encoded;
	}
}

function sum(census: Census): number {
	return census.reduce((all, one) => all + one, 0);
}
