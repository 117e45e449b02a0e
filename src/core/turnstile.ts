import { atEndOfTurn, turnClients } from "./scheduling.ts";

/**
 * Lets a few through in each turn of the event loop, in the order in which they came. A thousand clients that come back
 * at once would be one long turn, and those who are there would have their messages after it.
 */
export class Turnstile {
	#left = turnClients;
	readonly #waiting: (() => void)[] = [];

	/** Resolves when it is the caller's turn; as a rule that is now, and there is nothing to wait for. */
	pass(): Promise<void> | undefined {
		if (this.#left === 0) return new Promise((resolve) => this.#waiting.push(resolve));
		if (this.#left === turnClients) atEndOfTurn(this.#next);
		this.#left--;
		return undefined;
	}

	readonly #next = (): void => {
		const next = this.#waiting.splice(0, turnClients);
		this.#left = turnClients - next.length;
		if (next.length > 0) atEndOfTurn(this.#next);
		for (const go of next) go();
	};
}
