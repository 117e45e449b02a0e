interface Waiter<T> {
	admit(value: T): void;
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

	/**
	 * Rejects with what `late` makes when nothing came within `ms`.
	 *
	 * @param use called at once when it has come: nobody who comes later may go first.
	 */
	wait<R>(ms: number, late: () => unknown, use: (value: T) => R | Promise<R>): Promise<R> {
		return new Promise((resolve, reject) => {
			const leave = () => {
				clearTimeout(timer);
				this.#waiters.delete(waiter);
			};
			const waiter: Waiter<T> = {
				admit: (value) => {
					leave();
					resolve(use(value));
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
		for (const waiter of this.#waiters) waiter.admit(value);
	}

	dismiss(error: unknown): void {
		for (const waiter of this.#waiters) waiter.reject(error);
	}
}
