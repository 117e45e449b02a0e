import type { ConnectionLimits } from "../../core/request/connection-limits.ts";

/** Lends places of a limit that several processes share. A place is the right to have one stream. */
export interface Lender {
	/**
	 * Asks for places. They arrive by `BorrowedPlaces.lend()`. Resolves to whether any did, and never rejects.
	 */
	take(): Promise<boolean>;
	/** Returns free places. */
	give(places: number): void;
	/** How many free places a process keeps, so that it need not ask for each new client. */
	readonly spare: number;
}

/** Limits the streams of one process to the places that it was lent. */
export class BorrowedPlaces {
	readonly #limits: ConnectionLimits;
	readonly #lender: Lender;
	#asking: Promise<boolean> | undefined;
	/** Whether another process lacks places. Then this one keeps no free ones. */
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

	/** Returns all free places. */
	recall(): void {
		this.#isScarce = true;
		this.#giveBack();
	}

	/** Asks for more places. All clients that wait share one question. */
	#more(): Promise<boolean> {
		this.#asking ??= this.#lender.take().finally(() => {
			this.#asking = undefined;
		});
		return this.#asking;
	}

	#giveBack(): void {
		const free = this.#limits.most - this.#limits.all;
		const kept = this.#isScarce ? 0 : this.#lender.spare;
		// Returned only when there are twice as many as may be kept, so that this process and the parent do not exchange them one by one.
		if (free <= kept * 2) return;
		this.#limits.most -= free - kept;
		this.#lender.give(free - kept);
	}
}
