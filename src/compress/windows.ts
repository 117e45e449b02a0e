/** How far back a chunk refers at most, in bytes. Twice as much would save 1 % more at twice the time. */
export const windowBytes = 16_384;

/** The last 16,384 bytes of it may be read at any time. */
const bufferBytes = 32_768;

/** A feed that was sent nothing for this long, in ms, has its window freed. */
const quietMs = 60_000;

/** The last bytes of a feed. */
export class Window {
	usedAt = 0;
	#buffer = new Uint8Array(bufferBytes);
	#end = 0;

	/** The bytes at the end. What is appended later does not change them. */
	get tail(): Uint8Array {
		return this.#buffer.subarray(Math.max(0, this.#end - windowBytes), this.#end);
	}

	append(bytes: Uint8Array): void {
		const { tail } = this;
		const kept = bytes.subarray(-windowBytes);
		// Chunks that wait refer to the old buffer, so nothing in it is overwritten.
		if (this.#end + kept.length > bufferBytes) {
			this.#buffer = new Uint8Array(bufferBytes);
			this.#buffer.set(tail);
			this.#end = tail.length;
		}
		this.#buffer.set(kept, this.#end);
		this.#end += kept.length;
	}
}

/** The windows of all feeds. Together they stay below a limit. */
export class Windows {
	readonly #most: number;
	/** By feed. The one that was used last comes last. */
	readonly #open = new Map<object, Window>();

	/** @param memory the limit, in bytes. */
	constructor(memory: number) {
		this.#most = Math.floor(memory / bufferBytes);
	}

	/** What all windows take, in bytes. */
	get memory(): number {
		return this.#open.size * bufferBytes;
	}

	/**
	 * The window of a feed that is about to be used. Where there are too many, the one that was not used for longest is
	 * freed, and its feed begins again.
	 *
	 * @returns undefined when the limit allows none.
	 */
	use(feed: object): Window | undefined {
		if (this.#most === 0) return undefined;
		const window = this.#open.get(feed) ?? new Window();
		this.#open.delete(feed);
		window.usedAt = performance.now();
		for (const [other, { usedAt }] of this.#open) {
			if (this.#open.size < this.#most && usedAt > window.usedAt - quietMs) break;
			this.#open.delete(other);
		}
		this.#open.set(feed, window);
		return window;
	}

	free(feed: object): void {
		this.#open.delete(feed);
	}
}
