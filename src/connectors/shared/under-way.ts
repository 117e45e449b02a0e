/**
 * What is under way, and takes a known time at most. On Cloudflare Workers what a request leaves behind never ends:
 * its timers and continuations go with it. So what is older is forgotten when the next one comes.
 */
export class UnderWay<T> {
	readonly #longest: number;
	/** When each began, the oldest first; as `performance.now()` has it. */
	readonly #began = new Map<T, number>();

	/** @param longest what one can take, in ms. */
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
