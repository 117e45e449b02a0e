/**
 * Running tasks with a known maximum duration. On Cloudflare Workers the tasks of an ended
 * request never finish: its timers and continuations end with it. So older ones are forgotten
 * when the next one comes.
 */
export class UnderWay<T> {
	readonly #longest: number;
	/** When each began, by `performance.now()`. The oldest comes first. */
	readonly #began = new Map<T, number>();

	/** @param longest how long one can take, in ms. */
	constructor(longest: number) {
		this.#longest = longest;
	}

	add(one: T): void {
		this.#forget();
		this.#began.set(one, performance.now());
	}

	delete(one: T): void {
		this.#began.delete(one);
	}

	all(): T[] {
		this.#forget();
		return [...this.#began.keys()];
	}

	#forget(): void {
		const since = performance.now() - this.#longest;
		for (const [one, began] of this.#began) {
			if (began >= since) break;
			this.#began.delete(one);
		}
	}
}
