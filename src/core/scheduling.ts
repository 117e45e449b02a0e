/** What is written in one turn of the event loop at most, in bytes over all clients; the last of a turn may go over it. */
export const turnBytes = 16_777_216;

/**
 * Clients that are taken in, or sent what they missed, in one turn at most. While a thousand come back at once, the messages
 * of five hundred others arrive within 24 ms (p99) on Bun and 21 on Deno, instead of 102 and 120.
 */
export const turnClients = 8;

type Schedule = (task: () => void) => unknown;

/**
 * Runs a task at the end of this turn of the event loop, after the input that is already here has been
 * read: what arrives together leaves together. A microtask would be too early: a Redis client
 * drains the microtask queue between two reads of one burst.
 *
 * `setImmediate` is no Web standard, but Node, Bun, Deno and workerd (with nodejs_compat) have it;
 * without it, the shortest timer comes next.
 */
export const atEndOfTurn: (task: () => void) => void = /* @__PURE__ */ (() => {
	const { setImmediate } = globalThis as { setImmediate?: Schedule };
	const shortestTimer: Schedule = (task) => setTimeout(task, 0);
	let schedule = setImmediate ?? shortestTimer;
	return (task) => {
		try {
			schedule(task);
		} catch {
			// Next's edge runtime has one that does nothing but throw, which only a call can tell.
			schedule = shortestTimer;
			schedule(task);
		}
	};
})();

/**
 * What is to be done at the end of this turn, however much it is, in one call of the host's: where each message has a
 * channel of its own, one call for each was a fifth of its cost on Node.
 */
export class Batch {
	#tasks: (() => void)[] = [];

	add(task: () => void): void {
		if (this.#tasks.push(task) === 1) atEndOfTurn(this.#run);
	}

	readonly #run = (): void => {
		const tasks = this.#tasks;
		this.#tasks = [];
		let done = 0;
		try {
			for (const task of tasks) {
				done++;
				task();
			}
		} finally {
			// One that throws is the host's to report, and must not take the others with it.
			for (const task of tasks.slice(done)) this.add(task);
		}
	};
}

/**
 * Lets a few through in each turn of the event loop, in the order in which they came. A thousand clients that come back
 * at once would be one long turn, and those who are there would have their messages after it.
 */
export class Pacer {
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

/** Lets so many tasks run at a time; the others wait in line. */
export class Semaphore {
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
