interface Waiter<T> {
	resolve(value: T): void;
	reject(error: unknown): void;
}

/**
 * Where callers wait for a connection, each for a time of its own. One shared promise would keep
 * every caller of a long outage in memory until its end; here nobody stays past their time.
 */
export class WaitingRoom<T> {
	readonly #waiters = new Set<Waiter<T>>();

	get size(): number {
		return this.#waiters.size;
	}

	/** Rejects with what `late` makes when nothing came within `ms`. */
	wait(ms: number, late: () => unknown): Promise<T> {
		return new Promise((resolve, reject) => {
			const leave = () => {
				clearTimeout(timer);
				this.#waiters.delete(waiter);
			};
			const waiter: Waiter<T> = {
				resolve: (value) => {
					leave();
					resolve(value);
				},
				reject: (error) => {
					leave();
					reject(error);
				},
			};
			const timer = setTimeout(() => waiter.reject(late()), ms);
			this.#waiters.add(waiter);
		});
	}

	/** In the order in which they came. */
	admit(value: T): void {
		for (const waiter of this.#waiters) waiter.resolve(value);
	}

	dismiss(error: unknown): void {
		for (const waiter of this.#waiters) waiter.reject(error);
	}
}
