interface Waiter<T> {
	admit(value: T): void;
	reject(error: unknown): void;
}

/**
 * Where callers wait for a connection, each with its own time limit. One shared promise would
 * keep every caller of a long outage in memory until its end.
 */
export class WaitingRoom<T> {
	readonly #waiters = new Set<Waiter<T>>();

	get size(): number {
		return this.#waiters.size;
	}

	/**
	 * Rejects with the result of `late` when nothing came within `ms`.
	 *
	 * @param use called as soon as it comes, so that no later caller gets ahead.
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

	/** In the order of their calls. */
	admit(value: T): void {
		for (const waiter of this.#waiters) waiter.admit(value);
	}

	dismiss(error: unknown): void {
		for (const waiter of this.#waiters) waiter.reject(error);
	}
}
