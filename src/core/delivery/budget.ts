/** What one stream may be sent before it ends. */
export interface StreamBudget {
	readonly writes: number;
	readonly bytes: number;
}

/**
 * What is left of one stream's budget. Streams that began together were sent the same, and must
 * not end together: each gets a random part of the last tenth.
 */
export class Budget {
	#writes: number;
	#bytes: number;
	#isSpent = false;

	constructor({ writes, bytes }: StreamBudget) {
		const share = 0.9 + Math.random() / 10;
		this.#writes = writes * share;
		this.#bytes = bytes * share;
	}

	/** @returns whether that was the last of it: true once. */
	spend(writes: number, bytes: number): boolean {
		this.#writes -= writes;
		this.#bytes -= bytes;
		if (this.#isSpent || (this.#writes > 0 && this.#bytes > 0)) return false;
		this.#isSpent = true;
		return true;
	}
}
