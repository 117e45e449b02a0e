/** Queues items for an async iterator. It begins to listen with the first `next()`. */
export class AsyncQueue<T> implements AsyncIterableIterator<T> {
	readonly #listen: (put: (value: T) => void) => () => void;
	readonly #values: T[] = [];
	readonly #waiting: ((result: IteratorResult<T>) => void)[] = [];
	#stop: (() => void) | undefined;
	#ended = false;

	constructor(listen: (put: (value: T) => void) => () => void) {
		this.#listen = listen;
	}

	[Symbol.asyncIterator](): this {
		return this;
	}

	async next(): Promise<IteratorResult<T>> {
		if (this.#values.length > 0) return { done: false, value: this.#values.shift() as T };
		if (this.#ended) return { done: true, value: undefined };
		this.#stop ??= this.#listen((value) => {
			const waiting = this.#waiting.shift();
			if (waiting === undefined) this.#values.push(value);
			else waiting({ done: false, value });
		});
		return new Promise((resolve) => this.#waiting.push(resolve));
	}

	/** The reader stops. Unread items are dropped. */
	async return(): Promise<IteratorResult<T>> {
		this.#values.length = 0;
		this.end();
		return { done: true, value: undefined };
	}

	/** No more items come. Queued ones can still be read. */
	end(): void {
		this.#ended = true;
		this.#stop?.();
		for (const waiting of this.#waiting.splice(0)) waiting({ done: true, value: undefined });
	}
}
