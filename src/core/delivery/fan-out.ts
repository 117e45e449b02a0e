import { atEndOfTurn, turnBytes } from "../scheduling.ts";
import type { Connection } from "./connection.ts";

/** The same for everyone who was there. */
export interface Chunk {
	readonly bytes: Uint8Array;
	/** In them. */
	readonly events: number;
	/** Where everyone stood before it. */
	readonly before: readonly string[];
}

/**
 * Sends the same bytes to all connections of a feed, as a rule at once. Much for many is parted by turns: 10,000 messages
 * that arrive together for 1,000 clients are half a second's writing, and others want to be answered meanwhile.
 */
export class FanOut {
	readonly #write: (connection: Connection, chunk: Chunk) => void;
	/** Not everyone has had these. */
	readonly #chunks: { readonly chunk: Chunk; readonly waiting: Set<Connection> }[] = [];

	constructor(write: (connection: Connection, chunk: Chunk) => void) {
		this.#write = write;
	}

	send(chunk: Chunk, connections: ReadonlySet<Connection>): void {
		if (this.#chunks.length === 0 && chunk.bytes.length * connections.size <= turnBytes) {
			for (const connection of connections) this.#write(connection, chunk);
		} else if (this.#chunks.push({ chunk, waiting: new Set(connections) }) === 1) {
			this.#go();
		}
	}

	/** Sends a connection what waits for it, ahead of its turn. */
	finish(connection: Connection): void {
		for (const { chunk, waiting } of [...this.#chunks]) {
			if (waiting.delete(connection)) this.#write(connection, chunk);
		}
	}

	/** It is sent nothing more from here. */
	forget(connection: Connection): void {
		for (const { waiting } of this.#chunks) waiting.delete(connection);
	}

	readonly #go = (): void => {
		let left = turnBytes;
		for (let first = this.#chunks[0]; first !== undefined; first = this.#chunks[0]) {
			const { chunk, waiting } = first;
			for (const connection of waiting) {
				if (left <= 0) {
					atEndOfTurn(this.#go);
					return;
				}
				left -= chunk.bytes.length;
				waiting.delete(connection);
				this.#write(connection, chunk);
			}
			this.#chunks.shift();
		}
	};
}
