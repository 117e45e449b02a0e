import type { ConnectionLimits } from "../../core/request/connection-limits.ts";

/** Gives places to the processes that share a limit. */
export interface Lender {
	/**
	 * Asks for places. It has `lend()` called, and resolves to whether there were any. It never rejects.
	 */
	take(): Promise<boolean>;
	/** Returns places that nobody has. */
	give(places: number): void;
	/** So many free places are kept, because clients come and go. */
	readonly spare: number;
}

/** The places of one process: as many as it was lent. */
export class BorrowedPlaces {
	readonly #limits: ConnectionLimits;
	readonly #lender: Lender;
	#asking: Promise<boolean> | undefined;
	/** Whether another process wanted places that were free here: none is kept then. */
	#isScarce = false;

	constructor(limits: ConnectionLimits, lender: Lender) {
		this.#limits = limits;
		this.#lender = lender;
		limits.most = 0;
		limits.more = () => this.#more();
		limits.freed = () => this.#giveBack();
	}

	lend(places: number): void {
		this.#limits.most += places;
		this.#isScarce = false;
	}

	/** Returns all places that nobody has. */
	recall(): void {
		this.#isScarce = true;
		this.#giveBack();
	}

	/** Whoever waits shares one question. */
	#more(): Promise<boolean> {
		this.#asking ??= this.#lender.take().finally(() => {
			this.#asking = undefined;
		});
		return this.#asking;
	}

	#giveBack(): void {
		const free = this.#limits.most - this.#limits.all;
		const kept = this.#isScarce ? 0 : this.#lender.spare;
		// Half of them, or all: not one by one.
		if (free <= kept * 2) return;
		this.#limits.most -= free - kept;
		this.#lender.give(free - kept);
	}
}
