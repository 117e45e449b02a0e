import { shared } from "../scheduling.ts";

/** The pause between reads, in ms. */
const pauseBetween = 100;

/** Each read begins after it was asked for. However many ask, there is a pause between two reads. */
export class PacedReads<T> {
	/** Reads that have not begun yet. */
	readonly #waiting = new Map<string, Promise<T>>();
	/** When the last read began, on the clock of `performance.now()`. */
	#begunAt = Number.NEGATIVE_INFINITY;

	/** Shares a read that has not begun yet. */
	read(key: string, ask: () => Promise<T>): Promise<T> {
		const begin = () => {
			this.#begunAt = performance.now();
			return ask();
		};
		const pause = this.#begunAt + pauseBetween - performance.now();
		if (pause <= 0) return begin();
		return shared(this.#waiting, key, async () => {
			await new Promise((resolve) => setTimeout(resolve, pause));
			// Later callers share the next read.
			this.#waiting.delete(key);
			return begin();
		});
	}
}
