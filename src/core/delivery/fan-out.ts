import { atEndOfTurn, turnBytes } from "../scheduling.ts";
import type { SharedText } from "../sinks/content.ts";
import type { SharedChunk } from "./compression.ts";
import type { Connection } from "./connection.ts";

/** What all connected clients of a feed get. */
export interface Chunk {
	readonly text: SharedText;
	/** The same text, compressed. */
	readonly shared: SharedChunk | undefined;
	/** The number of events in the text. */
	readonly events: number;
	/** The clients' positions before this text. */
	readonly before: readonly string[];
}

/**
 * Sends the same bytes to all connections of a feed, usually at once. A large send is divided over several tasks:
 * writing 10,000 messages to 1,000 clients takes half a second, and other requests must be answered meanwhile.
 */
export class FanOut {
	readonly #write: (connection: Connection, chunk: Chunk) => void;
	/** Chunks that some connections still wait for. */
	readonly #chunks: { readonly chunk: Chunk; readonly waiting: Set<Connection> }[] = [];

	constructor(write: (connection: Connection, chunk: Chunk) => void) {
		this.#write = write;
	}

	send(chunk: Chunk, connections: ReadonlySet<Connection>): void {
		if (this.#chunks.length === 0 && fits(chunk.text, connections.size)) {
			for (const connection of connections) this.#write(connection, chunk);
		} else if (this.#chunks.push({ chunk, waiting: new Set(connections) }) === 1) {
			this.#go();
		}
	}

	/** Whether chunks are waiting for a connection. */
	has(connection: Connection): boolean {
		return this.#chunks.some(({ waiting }) => waiting.has(connection));
	}

	/** Sends a connection its waiting chunks now. */
	finish(connection: Connection): void {
		for (const { chunk, waiting } of [...this.#chunks]) {
			if (waiting.delete(connection)) this.#write(connection, chunk);
		}
	}

	/** Drops the chunks that wait for a connection. */
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
				left -= chunk.text.bytes.length;
				waiting.delete(connection);
				this.#write(connection, chunk);
			}
			this.#chunks.shift();
		}
	};
}

// A UTF-16 code unit takes at most three bytes. The bytes are made only where this estimate is too large.
function fits(shared: SharedText, clients: number): boolean {
	return (
		shared.text.length * 3 * clients <= turnBytes || shared.bytes.length * clients <= turnBytes
	);
}
