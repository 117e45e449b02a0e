/** What a producer may yield: text, bytes of UTF-8 text, or a JSON value. */
export type RunChunks = ReadableStream<unknown> | AsyncIterable<unknown> | Iterable<unknown>;

/** Not a chunk. An adapter's source yields it to wait until everything before it is stored. */
export const storeNow: unique symbol = /* @__PURE__ */ Symbol();

/** What ends a source. */
const ended = { done: true, value: undefined } as const;

/**
 * Reads a source chunk by chunk until the signal aborts, even when the source ignores the signal. `for await` would wait
 * for such a source, and `Promise.race` would retain memory for each chunk.
 */
export class ChunkReader {
	readonly #iterator: AsyncIterator<unknown> | Iterator<unknown>;
	readonly #signal: AbortSignal;
	readonly #decoder = new TextDecoder();
	#abort: (() => void) | undefined;

	constructor(source: RunChunks, signal: AbortSignal) {
		this.#iterator = iteratorOf(source);
		this.#signal = signal;
		signal.addEventListener("abort", this.#aborted, { once: true });
	}

	/** The next chunk, with bytes decoded to text. @throws the source's error, or the signal's reason. */
	async next(): Promise<{ done?: boolean | undefined; value: unknown }> {
		this.#signal.throwIfAborted();
		const step = await this.#unlessAborted(() => this.#iterator.next());
		if (step.done === true) {
			const rest = this.#decoder.decode();
			return rest === "" ? ended : { value: rest };
		}
		// `for await` treats a synchronous iterator the same way.
		const promised: unknown = step.value;
		const value =
			promised instanceof Promise ? await this.#unlessAborted(() => promised) : promised;
		return { value: isBytes(value) ? this.#decoder.decode(value, { stream: true }) : value };
	}

	#unlessAborted<T>(ask: () => T | Promise<T>): Promise<T> {
		return new Promise((resolve, reject) => {
			this.#abort = () => reject(this.#signal.reason);
			Promise.resolve(ask()).then(resolve, reject);
		});
	}

	/** Tells the source to stop. It may ignore this, and nobody waits for it. */
	async cancel(): Promise<void> {
		this.#signal.removeEventListener("abort", this.#aborted);
		await this.#iterator.return?.();
	}

	readonly #aborted = (): void => this.#abort?.();
}

/** Whether the value is bytes. JSON would turn them into an object of numbers. */
export function isBytes(value: unknown): value is ArrayBuffer | ArrayBufferView<ArrayBuffer> {
	return value instanceof ArrayBuffer || ArrayBuffer.isView(value);
}

/** Whether the value can be what a source returns, rather than an options object. */
export function areChunks(value: unknown): boolean {
	const given = Object(value) as Partial<
		ReadableStream & AsyncIterable<unknown> & Iterable<unknown>
	>;
	return Boolean(given.getReader ?? given[Symbol.asyncIterator] ?? given[Symbol.iterator]);
}

function iteratorOf(source: RunChunks): AsyncIterator<unknown> | Iterator<unknown> {
	const given = Object(source) as Partial<ReadableStream<unknown> & AsyncIterable<unknown>>;
	if (typeof source !== "string") {
		if (typeof given.getReader === "function") return streamIterator(given.getReader());
		const iterator =
			given[Symbol.asyncIterator]?.() ?? (source as Iterable<unknown>)?.[Symbol.iterator]?.();
		if (iterator !== undefined) return iterator;
	}
	throw new TypeError("Runs: a source must be a ReadableStream or an iterable of chunks.");
}

// Not every runtime's streams are iterable.
function streamIterator(reader: ReadableStreamDefaultReader<unknown>): AsyncIterator<unknown> {
	let hasFailed = false;
	return {
		next: async () => {
			try {
				const { done, value } = await reader.read();
				return done ? ended : { value };
			} catch (error) {
				hasFailed = true;
				throw error;
			}
		},
		return: async () => {
			// After a failed read this would fail with the same error.
			if (!hasFailed) await reader.cancel();
			return ended;
		},
	};
}
