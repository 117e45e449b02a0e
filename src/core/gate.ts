/** Lets so many tasks run at a time; the others wait in line. */
export class Gate {
	#free: number;
	readonly #line: (() => void)[] = [];

	constructor(width: number) {
		this.#free = width;
	}

	async run<T>(task: () => Promise<T>): Promise<T> {
		if (this.#free > 0) this.#free--;
		else await new Promise<void>((admit) => this.#line.push(admit));
		try {
			return await task();
		} finally {
			// The place is handed on, so that nobody who comes now is faster than who waits.
			const next = this.#line.shift();
			if (next === undefined) this.#free++;
			else next();
		}
	}
}
