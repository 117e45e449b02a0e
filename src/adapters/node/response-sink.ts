import { bytesOf, type Content } from "../../core/sinks/content.ts";
import type { NodeResponse } from "../../core/sinks/node-response.ts";
import type { Sink } from "../../core/sinks/sink.ts";

/**
 * A sink that writes by the response's own `write`, even when it is replaced later, and no
 * faster than it takes the bytes. It counts what waits here, and what a wrapper of the response
 * still holds.
 */
export class ResponseSink implements Sink {
	readonly #outgoing: NodeResponse;
	#waiting: Uint8Array[] = [];
	#waitingBytes = 0;
	#isFull = false;
	#hasEnded = false;

	constructor(outgoing: NodeResponse) {
		this.#outgoing = outgoing;
	}

	write(content: Content): number {
		if (this.#outgoing.writableEnded) throw new Error("The response has ended.");
		const bytes = bytesOf(content);
		this.#waiting.push(bytes);
		this.#waitingBytes += bytes.length;
		this.#pass();
		return bytes.length;
	}

	get bufferedBytes(): number {
		return this.#waitingBytes + this.#outgoing.writableLength;
	}

	end(): void {
		this.#hasEnded = true;
		this.#pass();
	}

	abort(): void {
		this.#waiting = [];
		this.#outgoing.destroy();
	}

	#pass(): void {
		while (!this.#isFull) {
			const bytes = this.#waiting.shift();
			if (bytes === undefined) break;
			this.#waitingBytes -= bytes.length;
			// A `write` that returns nothing asks for no pause.
			if (this.#outgoing.write(bytes) !== false) continue;
			this.#isFull = true;
			this.#outgoing.once("drain", this.#writable);
		}
		if (this.#hasEnded && this.#waiting.length === 0) this.#outgoing.end();
	}

	readonly #writable = (): void => {
		this.#isFull = false;
		if (!this.#outgoing.writableEnded) this.#pass();
	};
}
