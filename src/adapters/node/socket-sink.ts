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

	write(bytes: Uint8Array): void {
		// Bytes after its end would be read as the next response.
		if (this.outgoing.writableEnded) throw new Error("The response has ended.");
		if (freeSocket(this.outgoing) === this.#socket) this.#socket.write(chunked(bytes));
		else {
			const sink = new ResponseSink(this.outgoing);
			this.#owner.use(sink);
			sink.write(bytes);
		}
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

// Node copies any other kind of array into a Buffer at every write.
const allocate = /* @__PURE__ */ (() => {
	const { Buffer: HostBuffer } = globalThis as {
		Buffer?: { allocUnsafeSlow(size: number): Uint8Array };
	};
	return HostBuffer?.allocUnsafeSlow ?? ((size: number) => new Uint8Array(size));
})();

/** The chunk written last: the next client is usually sent the same. */
let last: { bytes: Uint8Array; chunk: Uint8Array } | undefined;

/**
 * Bytes that many clients share, as one chunk of HTTP/1.1's chunked coding:
 * https://www.rfc-editor.org/rfc/rfc9112#section-7.1
 */
function chunked(bytes: Uint8Array): Uint8Array {
	if (last?.bytes !== bytes) last = { bytes, chunk: chunkOf(bytes) };
	return last.chunk;
}

function chunkOf(bytes: Uint8Array): Uint8Array {
	const size = `${bytes.length.toString(16)}\r\n`;
	const end = size.length + bytes.length;
	const chunk = allocate(end + 2);
	for (let at = 0; at < size.length; at++) chunk[at] = size.charCodeAt(at);
	chunk.set(bytes, size.length);
	chunk[end] = 13;
	chunk[end + 1] = 10;
	return chunk;
}
