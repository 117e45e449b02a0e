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

/** A place among the bytes of a feed. One object for each, so that a client keeps no numbers of its own. */
export interface Place {
	/** Bytes before it. */
	readonly at: number;
	/** Their checksum. */
	readonly crc: number;
}

/** Compresses what the clients of a feed get, once for all that can decode the same. */
export class GzipFeed implements FeedEncoder {
	readonly #windows: Windows | undefined;
	/** Where the next chunk begins. */
	#end: Place = { at: 0, crc: 0 };
	/** Of the last chunk that every client was sent. */
	#settled: Census = [];
	/** Of the chunk that is being sent. */
	#current: Census = [];

	/** @param windows undefined: each chunk is compressed by itself. */
	constructor(windows: Windows | undefined) {
		this.#windows = windows;
	}

	next(bytes: Uint8Array): GzipChunk {
		const chunk = new GzipChunk(this, bytes, this.#before(bytes), this.#end);
		this.#end = chunk.end;
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
	 * @returns the reaches that it is compressed with, by their numbers: those that most clients can use.
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

/** The number of the farthest reach that is at most so many bytes. */
function farthest(bytes: number): number {
	return reaches.findLastIndex((reach) => reach <= bytes);
}

/** Bytes that all clients of a feed get, in as many forms as they need. */
export class GzipChunk implements SharedChunk {
	readonly bytes: Uint8Array;
	readonly start: Place;
	readonly end: Place;
	readonly #feed: GzipFeed;
	/** The bytes of the feed that it may refer to. */
	readonly #before: Uint8Array;
	readonly #longest: number;
	readonly #census: Census = reaches.map(() => 0);
	/** For each reach the one that is used instead; -1: the bytes are sent as they are. Undefined: nobody has asked. */
	#instead: readonly number[] | undefined;
	readonly #encoded: (Uint8Array | undefined)[] = [];
	#stored: Uint8Array | undefined;

	constructor(feed: GzipFeed, bytes: Uint8Array, before: Uint8Array, start: Place) {
		this.#feed = feed;
		this.bytes = bytes;
		this.#before = before;
		this.#longest = farthest(before.length);
		this.start = start;
		this.end = { at: start.at + bytes.length, crc: crc32(bytes, start.crc) };
	}

	/**
	 * @param run how many bytes of the feed a client has been sent in a row, up to this chunk and with nothing in between.
	 * @returns the chunk as such a client can decode it.
	 */
	encodedAfter(run: number): Uint8Array {
		const reach = run >= this.#before.length ? this.#longest : farthest(run);
		this.#instead ??= this.#begin();
		this.#census[reach] = (this.#census[reach] ?? 0) + 1;
		const used = this.#instead[reach] ?? -1;
		if (used >= 0) return this.#encoded[used] ?? this.#encode(used);
		this.#stored ??= stored(this.bytes);
		return this.#stored;
	}

	#begin(): number[] {
		const allowed = this.#feed.begin(this.#census);
		return reaches.map((_, reach) =>
			reaches.findLastIndex((_, other) => other <= reach && allowed.has(other)),
		);
	}

	#encode(number: number): Uint8Array {
		const reach = reaches[number] ?? 0;
		const encoded = deflated(this.bytes, this.#before.subarray(this.#before.length - reach));
		this.#encoded[number] = encoded;
		return encoded;
	}
}

function sum(census: Census): number {
	return census.reduce((all, one) => all + one, 0);
}
