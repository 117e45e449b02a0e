/** A discrete-event simulation: it runs what was planned, in order of time. */

interface Happening {
	readonly at: number;
	/** Of two at the same time, the one that was planned first runs first. */
	readonly order: number;
	readonly act: () => void;
}

/** Runs functions at their times, which are in ms. */
export class Simulation {
	now = 0;
	/** A binary heap: no parent is later than its children. */
	readonly #heap: Happening[] = [];
	#order = 0;

	at(time: number, act: () => void): void {
		const happening = { at: Math.max(time, this.now), order: this.#order++, act };
		let index = this.#heap.push(happening) - 1;
		while (index > 0) {
			const parent = (index - 1) >> 1;
			if (!this.#isBefore(index, parent)) break;
			this.#swap(index, parent);
			index = parent;
		}
	}

	after(ms: number, act: () => void): void {
		this.at(this.now + ms, act);
	}

	/** Runs until nothing is planned. */
	run(): void {
		for (let next = this.#take(); next !== undefined; next = this.#take()) {
			this.now = next.at;
			next.act();
		}
	}

	#take(): Happening | undefined {
		const heap = this.#heap;
		const [first] = heap;
		const last = heap.pop();
		if (first === undefined || last === undefined || first === last) return first;
		heap[0] = last;
		for (let index = 0; ; ) {
			const left = 2 * index + 1;
			if (left >= heap.length) return first;
			const right = left + 1;
			const least = right < heap.length && this.#isBefore(right, left) ? right : left;
			if (!this.#isBefore(least, index)) return first;
			this.#swap(least, index);
			index = least;
		}
	}

	#isBefore(a: number, b: number): boolean {
		const [one, other] = [this.#heap[a] as Happening, this.#heap[b] as Happening];
		return one.at < other.at || (one.at === other.at && one.order < other.order);
	}

	#swap(a: number, b: number): void {
		const heap = this.#heap;
		[heap[a], heap[b]] = [heap[b] as Happening, heap[a] as Happening];
	}
}

/** One server with a queue: a core that does one thing after another. */
export class Server {
	longest = 0;
	#waiting = 0;
	#freeAt = 0;
	readonly #simulation: Simulation;

	constructor(simulation: Simulation) {
		this.#simulation = simulation;
	}

	/** @param ms how long the server takes. */
	serve(ms: number, done: () => void): void {
		this.longest = Math.max(this.longest, ++this.#waiting);
		this.#freeAt = Math.max(this.#freeAt, this.#simulation.now) + ms;
		this.#simulation.at(this.#freeAt, () => {
			this.#waiting--;
			done();
		});
	}
}

/** Returns a generator of numbers from 0 to 1, "mulberry32". The same seed gives the same numbers. */
export function seeded(seed: number): () => number {
	let state = seed;
	return () => {
		state = (state + 0x6d2b79f5) | 0;
		let value = Math.imul(state ^ (state >>> 15), 1 | state);
		value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
		return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
	};
}

/** How clients returned. Times are in ms. */
export interface Return {
	p50: number;
	p99: number;
	last: number;
	peakPerSecond: number;
	longestQueue: number;
}

/** The length of the steps in which a peak is counted, in ms. The load generator counts it so, too. */
const step = 100;

/**
 * @param back when each was back.
 * @param asked when each asked.
 * @param each how many one of them stands for.
 */
export function summary(
	back: readonly number[],
	asked: readonly number[],
	longestQueue: number,
	each = 1,
): Return {
	const sorted = back.toSorted((a, b) => a - b);
	const at = (share: number) => sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN;
	const counts = new Map<number, number>();
	for (const time of asked) {
		const index = Math.floor(time / step);
		counts.set(index, (counts.get(index) ?? 0) + each);
	}
	const peakPerSecond = Math.max(0, ...counts.values()) * (1_000 / step);
	return { p50: at(0.5), p99: at(0.99), last: at(1), peakPerSecond, longestQueue };
}
