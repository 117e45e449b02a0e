import { storeNow } from "./chunks.ts";
import { RunError } from "./errors.ts";
import type { RunEnd } from "./reader.ts";
import type { Runs } from "./runs.ts";

/**
 * Writes the chunks of a run one by one, for interfaces that append. It does not wait for a broker that keeps up, renews
 * its lease while it is silent, and learns of a cancel.
 */
export class RunWriter {
	/** Resolves to how the run ended; never rejects. */
	readonly done: Promise<RunEnd>;
	readonly #signal: AbortSignal;
	readonly #unread: UnreadChunks;

	constructor(done: Promise<RunEnd>, signal: AbortSignal, unread: UnreadChunks) {
		this.done = done;
		this.#signal = signal;
		this.#unread = unread;
	}

	/** Aborts when the run is cancelled, or when the broker accepts no more. */
	get signal(): AbortSignal {
		return this.#signal;
	}

	/** Resolves when there is room for more. @throws why nothing more is accepted. */
	async write(...chunks: unknown[]): Promise<void> {
		this.#signal.throwIfAborted();
		if (this.#unread.isOver) throw new RunError("superseded", "The run has ended.");
		await this.#unread.add(chunks);
		this.#signal.throwIfAborted();
	}

	/** Resolves when these chunks, and all before them, are stored. @throws why they cannot be stored. */
	async store(...chunks: unknown[]): Promise<void> {
		await this.write(...chunks, storeNow);
	}

	/** Ends the run. An error ends it as `error`, and is reported. Idempotent. @returns how it ended. */
	async finish(error?: Error): Promise<RunEnd> {
		this.#unread.end(error);
		return this.done;
	}
}

/** Begins a run for a writer. @returns undefined: another caller began it. */
export async function beginWriting(runs: Runs, id: string): Promise<RunWriter | undefined> {
	const unread = new UnreadChunks();
	let given: AbortSignal | undefined;
	const { done, role } = await runs.start(id, (signal) => {
		given = signal;
		signal.addEventListener("abort", unread.drop, { once: true });
		return unread.chunks();
	});
	if (role === "reader" || given === undefined) return undefined;
	return new RunWriter(done, given, unread);
}

/** Chunks that the producer has not read yet. */
class UnreadChunks {
	#chunks: unknown[] = [];
	#end: { readonly error: Error | undefined } | undefined;
	#wake: (() => void) | undefined;
	#waiting: (() => void)[] = [];

	get isOver(): boolean {
		return this.#end !== undefined;
	}

	/** Resolves when the producer asks for the next chunk. */
	add(chunks: readonly unknown[]): Promise<void> {
		this.#chunks.push(...chunks);
		this.#wake?.();
		return new Promise((resolve) => this.#waiting.push(resolve));
	}

	end(error?: Error): void {
		this.#end ??= { error };
		this.#wake?.();
	}

	/** The producer reads no more. */
	readonly drop = (): void => {
		this.#chunks = [];
		this.end();
		this.#asked();
	};

	async *chunks(): AsyncGenerator<unknown> {
		for (;;) {
			yield* this.#chunks.splice(0);
			if (this.#chunks.length > 0) continue;
			this.#asked();
			if (this.#end?.error !== undefined) throw this.#end.error;
			if (this.#end !== undefined) return;
			await new Promise<void>((resolve) => {
				this.#wake = resolve;
			});
		}
	}

	#asked(): void {
		for (const resolve of this.#waiting.splice(0)) resolve();
	}
}
