/** What a producer may say: text, bytes of text in UTF-8, or a value that JSON can carry. */
export type RunChunks = ReadableStream<unknown> | AsyncIterable<unknown> | Iterable<unknown>;

/** Not a chunk: an adapter's source asks by it that all before it is stored before it is asked for more. */
export const storeNow: unique symbol = /* @__PURE__ */ Symbol();

/** What ends a source. */
const ended = { done: true, value: undefined } as const;

/**
 * Reads a source chunk by chunk until the signal aborts, whatever the source does then. Not by `for await`, which would
 * wait for it; nor by `Promise.race`, which would keep something of each chunk.
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

	/** The next chunk; bytes have become text. @throws what the source throws, or the signal's reason. */
	async next(): Promise<{ done?: boolean | undefined; value: unknown }> {
		this.#signal.throwIfAborted();
		const step = await this.#unlessAborted(() => this.#iterator.next());
		if (step.done === true) {
			const rest = this.#decoder.decode();
			return rest === "" ? ended : { value: rest };
		}
		// As `for await` does with an iterator that is not asynchronous.
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

	/** Tells the source that no more is wanted. It need not listen, and is not waited for. */
	async cancel(): Promise<void> {
		this.#signal.removeEventListener("abort", this.#aborted);
		await this.#iterator.return?.();
	}

	readonly #aborted = (): void => this.#abort?.();
}

/** Whether it is bytes, of which JSON would make an object without them. */
export function isBytes(value: unknown): value is ArrayBuffer | ArrayBufferView<ArrayBuffer> {
	return value instanceof ArrayBuffer || ArrayBuffer.isView(value);
}

/** Whether it is what a source returns, and no options. */
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
			// Of a stream that has failed, this would fail with the same error.
			if (!hasFailed) await reader.cancel();
			return ended;
		},
	};
}
