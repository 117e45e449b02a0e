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
	/** A chunk that all clients of its feed get. It comes from the same `Compression`. */
	shared(chunk: SharedChunk): Uint8Array;
	/** Bytes that keep the connection alive and decode to nothing. */
	silence(): Uint8Array;
	/** The end of the stream. */
	end(): Uint8Array;
}

/** Encodes what all clients of a feed get. */
export interface FeedEncoder {
	/** The next bytes. Nothing is done before a client asks for them. */
	next(bytes: Uint8Array): SharedChunk;
	/** Frees its memory. */
	close(): void;
}

/** Bytes that all clients of a feed get. Each client is sent its chunks in order, but not every one of them. */
export interface SharedChunk {
	/** The bytes as they are. */
	readonly bytes: Uint8Array;
}
