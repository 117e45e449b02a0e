import { bytesOf, type Content } from "./content.ts";

/**
 * How bytes leave. The core hands out the same content to every client; only a sink knows what
 * kind of client it is.
 */
export interface Sink {
	/**
	 * Hands content to the host. Throws once the client is gone.
	 *
	 * @returns how many bytes it has.
	 */
	write(content: Content): number;
	/** Written bytes that the client's connection has not taken yet. */
	readonly bufferedBytes: number;
	/** Ends the stream after everything written, so that the client sees a clean end. */
	end(): void;
	/** Drops unsent bytes and breaks the stream. */
	abort(reason: Error): void;
}

/** The owner of a sink. */
export interface SinkOwner {
	/** The host released the sink: the client has left. */
	onLeft(): void;
	/** Bytes go to another sink from now on. */
	use(sink: Sink): void;
}

/** The fetch shape: bytes leave through the body of a Response. */
export interface StreamSink extends Sink {
	readonly body: ReadableStream<Uint8Array>;
}

// The default strategy counts chunks, so its desiredSize says nothing about memory.
const inBytes: QueuingStrategy<Uint8Array> = {
	highWaterMark: 0,
	size: (chunk) => chunk.byteLength,
};

/**
 * A sink over a `ReadableStream`, fed by its controller. A `pull` or a generator would cost one
 * to four microseconds more per client and message. It is its stream's own source, which saves
 * each client some closures.
 */
export class BodySink implements StreamSink {
	readonly body: ReadableStream<Uint8Array>;
	readonly owner: SinkOwner;
	#controller: ReadableStreamDefaultController<Uint8Array> | undefined;

	constructor(owner: SinkOwner) {
		this.owner = owner;
		this.body = new ReadableStream<Uint8Array>(this, inBytes);
	}

	start(controller: ReadableStreamDefaultController<Uint8Array>): void {
		this.#controller = controller;
	}

	cancel(): void {
		this.owner.onLeft();
	}

	write(content: Content): number {
		const bytes = bytesOf(content);
		this.#controller?.enqueue(bytes);
		return bytes.length;
	}

	get bufferedBytes(): number {
		return -(this.#controller?.desiredSize ?? 0);
	}

	end(): void {
		this.#controller?.close();
	}

	abort(reason: Error): void {
		this.#controller?.error(reason);
	}
}
