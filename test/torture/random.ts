/** Repeatable random numbers: mulberry32, which is small and good enough to choose faults. */
export class Random {
	#state: number;

	constructor(seed: number) {
		this.#state = seed >>> 0;
	}

	/** From 0 up to, not including, 1. */
	next(): number {
		this.#state = (this.#state + 0x6d2b79f5) >>> 0;
		let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	}

	between(least: number, most: number): number {
		return least + this.next() * (most - least);
	}

	/** A whole number below `limit`. */
	below(limit: number): number {
		return Math.floor(this.next() * limit);
	}

	chance(probability: number): boolean {
		return this.next() < probability;
	}

	pick<T>(list: readonly [T, ...T[]]): T {
		return list[this.below(list.length)] ?? list[0];
	}

	shuffled<T>(list: readonly T[]): T[] {
		return list
			.map((item) => ({ item, order: this.next() }))
			.sort((a, b) => a.order - b.order)
			.map(({ item }) => item);
	}

	/** Another generator, so that the draws of one user do not depend on those of others. */
	fork(): Random {
		return new Random(this.below(2 ** 32));
	}
}
