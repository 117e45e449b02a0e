import { bytesOf, type Content, SharedText } from "../../core/sinks/content.ts";
import type { NodeResponse, NodeSocket } from "../../core/sinks/node-response.ts";
import type { Sink, SinkOwner } from "../../core/sinks/sink.ts";
import { isOwnResponse } from "./own-response.ts";
import { ResponseSink } from "./response-sink.ts";

/**
 * A sink that bypasses the response and writes to its socket, framed once for all clients. It
 * takes 8.0 µs of processor time per delivery; `response.write` takes 10.9 and a web stream
 * 16.4 (Node 24, 1,000 clients, 200 bytes).
 *
 * It does so only while nothing stands in between. Once the response is wrapped, all further
 * bytes go through it.
 */
export class SocketSink implements Sink {
	readonly outgoing: NodeResponse;
	readonly #socket: NodeSocket;
	readonly #owner: SinkOwner;

	/** @param socket the response's socket, from `freeSocket`. */
	constructor(outgoing: NodeResponse, socket: NodeSocket, owner: SinkOwner) {
		this.outgoing = outgoing;
		this.#socket = socket;
		this.#owner = owner;
	}

	write(content: Content): number {
		// Bytes after its end would be read as the next response.
		if (this.outgoing.writableEnded) throw new Error("The response has ended.");
		if (freeSocket(this.outgoing) === this.#socket) return this.#writeChunk(content);
		const sink = new ResponseSink(this.outgoing);
		this.#owner.use(sink);
		return sink.write(content);
	}

	/**
	 * Node sends a string without a buffer. For a message with one client that takes 13 % less
	 * processor time, the kernel's included. For text with several clients, bytes that are made once
	 * are no slower, so all but the first get those.
	 */
	#writeChunk(content: Content): number {
		const isNew = content !== last.content;
		if (isNew) last = { content, chunk: undefined };
		if (isNew && content instanceof SharedText && isAscii(content.text)) {
			const { text } = content;
			// The socket counts a string's characters, which are bytes here.
			this.#socket.write(`${text.length.toString(16)}\r\n${text}\r\n`, "latin1");
			return text.length;
		}
		const bytes = bytesOf(content);
		last.chunk ??= chunkOf(bytes);
		this.#socket.write(last.chunk);
		return bytes.length;
	}

	get bufferedBytes(): number {
		return this.#socket.writableLength;
	}

	end(): void {
		this.outgoing.end();
	}

	abort(): void {
		this.outgoing.destroy();
	}
}

/**
 * The socket to which a response writes chunks. Undefined when something stands in between, or
 * holds back writes.
 */
export function freeSocket(outgoing: NodeResponse): NodeSocket | undefined {
	const { headersSent, chunkedEncoding, writableCorked, socket } = outgoing;
	const isFree = headersSent && chunkedEncoding && writableCorked === 0 && isOwnResponse(outgoing);
	return isFree && socket !== null ? socket : undefined;
}

function isAscii(text: string): boolean {
	return Buffer.byteLength(text) === text.length;
}

/** The content that was written last, which the next client is usually sent, too. */
let last: { readonly content?: Content; chunk: Uint8Array | undefined } = { chunk: undefined };

/**
 * Bytes as one chunk of HTTP/1.1's chunked coding:
 * https://www.rfc-editor.org/rfc/rfc9112#section-7.1
 */
function chunkOf(bytes: Uint8Array): Uint8Array {
	const size = `${bytes.length.toString(16)}\r\n`;
	const end = size.length + bytes.length;
	// Node copies any other kind of array into a Buffer at every write.
	const chunk = Buffer.allocUnsafeSlow(end + 2);
	for (let at = 0; at < size.length; at++) chunk[at] = size.charCodeAt(at);
	chunk.set(bytes, size.length);
	chunk[end] = 13;
	chunk[end + 1] = 10;
	return chunk;
}
