/**
 * The most bytes written in one turn of the event loop, over all clients. The last write of a turn may exceed it. With
 * twice as many, another request on Deno waits twice as long while 10,000 messages go to 1,000 clients. With half as
 * many, 32 messages to 1,000 clients no longer leave in one turn.
 */
export const turnBytes = 8_388_608;

/**
 * The most clients that join, or are sent what they missed, in one turn. While a thousand
 * reconnect at once, 500 others get their messages within 24 ms (p99) on Bun and 21 on Deno,
 * instead of 102 and 120.
 */
export const turnClients = 8;

/** Streams that are written to or ended by themselves in one turn: some 5 ms on Node. */
const perTurn = 256;

type Schedule = (task: () => void) => unknown;

/**
 * Runs a task at the end of this turn of the event loop, after all input that is already here:
 * what arrives together leaves together. A microtask would be too early: a Redis client drains
 * the microtask queue between two reads of one burst.
 *
 * `setImmediate` is no Web standard, but Node, Bun, Deno and workerd (with nodejs_compat) have
 * it. Without it, the shortest timer is used.
 */
export const atEndOfTurn: (task: () => void) => void = /* @__PURE__ */ (() => {
	const { setImmediate } = globalThis as { setImmediate?: Schedule };
	const shortestTimer: Schedule = (task) => setTimeout(task, 0);
	let schedule = setImmediate ?? shortestTimer;
	return (task) => {
		try {
			schedule(task);
		} catch {
			// Next's edge runtime has one that only throws. A call is the only way to find out.
			schedule = shortestTimer;
			schedule(task);
		}
	};
})();

/**
 * Flushes that wait for the end of this turn, which run in one call to the host. With a channel per message,
 * one call each was a fifth of a message's cost on Node.
 */
export class FlushQueue {
	readonly #every: number;
	#tasks: (() => void)[] = [];
	/** When it last ran, on the clock of `performance.now()`. */
	#ranAt = Number.NEGATIVE_INFINITY;
	/** Runs the tasks that wait longer than for this turn's end. */
	#timer: ReturnType<typeof setTimeout> | undefined;

	/** @param every the shortest time between two runs, in ms. */
	constructor(every = 0) {
		this.#every = every;
	}

	add(task: () => void): void {
		if (this.#tasks.push(task) > 1) return;
		const wait = this.#every > 0 ? this.#ranAt + this.#every - performance.now() : 0;
		if (wait > 0) this.#timer = setTimeout(this.#run, wait);
		else atEndOfTurn(this.#run);
	}

	/** Too much waits to wait any longer. */
	hurry(): void {
		if (this.#timer === undefined) return;
		clearTimeout(this.#timer);
		this.#timer = undefined;
		atEndOfTurn(this.#run);
	}

	readonly #run = (): void => {
		const tasks = this.#tasks;
		this.#tasks = [];
		this.#timer = undefined;
		if (this.#every > 0) this.#ranAt = performance.now();
		let done = 0;
		try {
			for (const task of tasks) {
				done++;
				task();
			}
		} finally {
			// The host reports a task that throws. The other tasks still run.
			for (const task of tasks.slice(done)) this.add(task);
		}
	};
}

/**
 * Lets a few callers through per turn of the event loop, in order. Without it a thousand
 * returning clients would be one long turn, and all others would wait for it.
 */
export class Pacer {
	#left = turnClients;
	readonly #waiting: (() => void)[] = [];

	/** Resolves when the caller may go on. Undefined, as in most calls: at once. */
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

/** Does something with each of many, a few hundred per turn of the event loop. */
export function paced<T>(all: readonly T[], act: (each: T) => void, from = 0): void {
	const end = from + perTurn;
	for (const each of all.slice(from, end)) act(each);
	if (end < all.length) atEndOfTurn(() => paced(all, act, end));
}

/** Runs a limited number of tasks at a time. The others wait in line. */
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
			// Hands its place to the first in line, so that no later caller overtakes it.
			const next = this.#line.shift();
			if (next === undefined) this.#free++;
			else next();
		}
	}
}

/** Does a task that is under way already with this key only once, for all who ask. */
export function shared<K, V>(
	underWay: Map<K, Promise<V>>,
	key: K,
	ask: () => Promise<V>,
): Promise<V> {
	const found = underWay.get(key);
	if (found !== undefined) return found;
	const asking = ask().finally(() => {
		if (underWay.get(key) === asking) underWay.delete(key);
	});
	underWay.set(key, asking);
	return asking;
}
