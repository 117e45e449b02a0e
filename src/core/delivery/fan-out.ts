import { atEndOfTurn, turnBytes } from "../scheduling.ts";
import type { Connection } from "./connection.ts";

/** The same for everyone who was there. */
export interface Round {
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
export class Outbox {
	readonly #write: (connection: Connection, round: Round) => void;
	/** Not everyone has had these. */
	readonly #rounds: { readonly round: Round; readonly waiting: Set<Connection> }[] = [];

	constructor(write: (connection: Connection, round: Round) => void) {
		this.#write = write;
	}

	send(round: Round, connections: ReadonlySet<Connection>): void {
		if (this.#rounds.length === 0 && round.bytes.length * connections.size <= turnBytes) {
			for (const connection of connections) this.#write(connection, round);
		} else if (this.#rounds.push({ round, waiting: new Set(connections) }) === 1) {
			this.#go();
		}
	}

	/** Sends a connection what waits for it, ahead of its turn. */
	finish(connection: Connection): void {
		for (const { round, waiting } of [...this.#rounds]) {
			if (waiting.delete(connection)) this.#write(connection, round);
		}
	}

	/** It is sent nothing more from here. */
	forget(connection: Connection): void {
		for (const { waiting } of this.#rounds) waiting.delete(connection);
	}

	readonly #go = (): void => {
		let left = turnBytes;
		for (let first = this.#rounds[0]; first !== undefined; first = this.#rounds[0]) {
			const { round, waiting } = first;
			for (const connection of waiting) {
				if (left <= 0) {
					atEndOfTurn(this.#go);
					return;
				}
				left -= round.bytes.length;
				waiting.delete(connection);
				this.#write(connection, round);
			}
			this.#rounds.shift();
		}
	};
}
