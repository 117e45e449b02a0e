import { Readable } from "node:stream";
import { constants, createGunzip, gunzipSync } from "node:zlib";
import { clientsPerEncoding } from "../../../src/compress/feed.ts";
import { gzip } from "../../../src/compress.ts";
import type { ClientEncoder, Compression } from "../../../src/core/delivery/compression.ts";

/** Enough clients that two compressions of a chunk are worth it. */
export const crowdSize = 2 * clientsPerEncoding;

/** A message that resembles the ones before it. */
export function message(number: number, size = 200): Buffer {
	const head = `data:{"type":"price","symbol":"S${number % 7}","price":${number * 37},"note":"`;
	return Buffer.from(`${head.padEnd(size - 4, "all is well with this symbol ")}"}\n\n`);
}

/** What a stream decodes to so far. Throws if it is no gzip stream. */
export function inflated(coded: readonly Uint8Array[]): Buffer {
	return gunzipSync(Buffer.concat(coded), { finishFlush: constants.Z_SYNC_FLUSH });
}

/** What an ended stream decodes to. Throws if its length or checksum is wrong. */
export function whole(coded: readonly Uint8Array[]): Buffer {
	return gunzipSync(Buffer.concat(coded));
}

/** A compressed stream as its client reads it: decoded while it arrives. */
export function unzipped({ status, headers, body }: Response): Response {
	if (headers.get("content-encoding") !== "gzip" || body === null)
		throw new Error("not compressed");
	const source = Readable.fromWeb(body as never);
	const decoded = source.pipe(createGunzip({ flush: constants.Z_SYNC_FLUSH }));
	source.once("error", (error) => decoded.destroy(error));
	decoded.once("close", () => source.destroy());
	return new Response(Readable.toWeb(decoded) as never, { status, headers });
}

export function bytesOf(chunks: readonly Uint8Array[]): number {
	return chunks.reduce((sum, { length }) => sum + length, 0);
}

/** What one client was sent, before and after compression. */
export interface Told {
	readonly plain: Uint8Array[];
	readonly coded: Uint8Array[];
}

/** `gzip()` that records each client's bytes before and after compression. */
export function recorded(compression = gzip()): Compression & { readonly clients: Told[] } {
	const clients: Told[] = [];
	return {
		...compression,
		clients,
		client(): ClientEncoder {
			const client = compression.client();
			const told: Told = { plain: [], coded: [] };
			clients.push(told);
			const write = (plain: Uint8Array, coded: Uint8Array) => {
				told.plain.push(plain.slice());
				told.coded.push(coded.slice());
				return coded;
			};
			return {
				own: (bytes) => write(bytes, client.own(bytes)),
				shared: (chunk) => write(chunk.bytes, client.shared(chunk)),
				silence: () => write(new Uint8Array(), client.silence()),
				end: () => write(new Uint8Array(), client.end()),
			};
		},
	};
}
