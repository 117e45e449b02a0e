/** The same numbers in each run, so that a failure can be repeated: mulberry32, public domain. */
export class Chance {
	#state: number;

	constructor(seed: number) {
		this.#state = seed;
	}

	/** A whole number from 0 to below `bound`. */
	below(bound: number): number {
		this.#state = (this.#state + 0x6d2b79f5) | 0;
		let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
		mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
		return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * bound);
	}

	oneOf(text: string): string {
		return text.charAt(this.below(text.length));
	}

	shuffled<T>(list: readonly T[]): T[] {
		return list
			.map((each) => [this.below(2 ** 30), each] as const)
			.sort(([a], [b]) => a - b)
			.map(([, each]) => each);
	}
}

/** A list of this length. */
export function times<T>(count: number, make: (index: number) => T): T[] {
	return Array.from({ length: count }, (_, index) => make(index));
}

export function median(values: readonly number[]): number {
	return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}
