import type { Connector } from "../connector.ts";

/**
 * How streams are compressed: the option `compress`. `gzip()` of `edge-sse/compress` makes one.
 *
 * The bytes that many clients get are compressed once for all of them. A client's own bytes come in between, so each
 * encoder must know which of the shared bytes its client has.
 */
export interface Compression {
	/**
	 * Checks that streams of a connector can be compressed.
	 *
	 * @throws {ConfigurationError} that says why not.
	 */
	check(connector: Connector): void;
	/** The name of the coding, for `Content-Encoding`. */
	readonly coding: string;
	/** Whether the client that sent a request takes the coding. */
	accepts(request: Request): boolean;
	/** Makes the encoder of one stream. */
	client(): ClientEncoder;
	/** Makes the encoder of what all streams of some channels get. */
	feed(): FeedEncoder;
}

/** Encodes one client's stream. What it returns is sent in the order of the calls. */
export interface ClientEncoder {
	/** Bytes that only this client gets. */
	own(bytes: Uint8Array): Uint8Array;
	/** A chunk that all clients of its feed get. */
	shared(chunk: SharedChunk): Uint8Array;
	/** Bytes that keep the connection alive and decode to nothing. */
	silence(): Uint8Array;
}

/** Encodes what all clients of a feed get. */
export interface FeedEncoder {
	/** The next bytes. Nothing is done before a client asks for them. */
	next(bytes: Uint8Array): SharedChunk;
	/** Frees what it holds. */
	close(): void;
}

/** Bytes that all clients of a feed get. They reach each client in order, but not all of them reach every client. */
export interface SharedChunk {
	/** Where it begins among all bytes of the feed. */
	readonly start: number;
	/** Where it ends. */
	readonly end: number;
	/**
	 * @param run how many bytes of the feed the client has been sent in a row, up to this chunk and with nothing in between.
	 * @returns the chunk as such a client can decode it.
	 */
	encodedAfter(run: number): Uint8Array;
}
