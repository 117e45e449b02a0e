import { brokenOff } from "./errors.ts";
import type { Runs } from "./runs.ts";

/** What `createResumableStreamContext` of the package `resumable-stream` returns, by shape. */
export interface ResumableStreams {
	/** Begins a stream or joins it. `null`: it has ended. */
	resumableStream(
		streamId: string,
		makeStream: () => ReadableStream<string>,
		skipCharacters?: number,
	): Promise<ReadableStream<string> | null>;
	/** Joins a stream. `null`: it has ended; `undefined`: it does not exist. */
	resumeExistingStream(
		streamId: string,
		skipCharacters?: number,
	): Promise<ReadableStream<string> | null | undefined>;
	/** Like `resumableStream`. Of two callers that begin a stream, one does. */
	createNewResumableStream(
		streamId: string,
		makeStream: () => ReadableStream<string>,
		skipCharacters?: number,
	): Promise<ReadableStream<string> | null>;
	/** Whether a stream is running (`true`), has ended, or does not exist. */
	hasExistingStream(streamId: string): Promise<null | true | "DONE">;
}

/**
 * A drop-in for the context of the package `resumable-stream`, on runs. When a producer dies, its readers' streams fail.
 * Length and duration are limited.
 *
 * @example
 * ```ts
 * const streamContext = resumableStreams(runs); // was: createResumableStreamContext({ waitUntil })
 * ```
 */
export function resumableStreams(runs: Runs): ResumableStreams {
	const existing = async (id: string, skip?: number) => {
		const status = (await runs.status(id))?.status;
		if (status === undefined) return undefined;
		return status === "running" ? textOf(runs, id, skip) : null;
	};
	const begun = async (id: string, makeStream: () => ReadableStream<string>, skip?: number) => {
		if (typeof makeStream !== "function") {
			throw new TypeError(
				"resumableStreams: makeStream: must be a function that returns a stream.",
			);
		}
		const { role } = await runs.start(id, makeStream);
		// The caller that began the stream reads it from the source, even when it has ended by now.
		return role === "producer" ? textOf(runs, id, skip) : ((await existing(id, skip)) ?? null);
	};
	return {
		resumableStream: begun,
		createNewResumableStream: begun,
		resumeExistingStream: existing,
		hasExistingStream: async (id) => {
			const status = (await runs.status(id))?.status;
			if (status === undefined) return null;
			return status === "running" ? true : "DONE";
		},
	};
}

/** The text of a run, without its first characters. */
function textOf(runs: Runs, id: string, skip = 0): ReadableStream<string> {
	const abort = new AbortController();
	const reading = runs.read(id, { signal: abort.signal });
	// The number may come from a client.
	let left = Math.max(0, skip) || 0;
	return new ReadableStream<string>({
		async pull(controller) {
			for (;;) {
				const { done, value } = await reading.next();
				if (done) {
					const isWhole = value?.status === "done" || value?.status === "cancelled";
					if (isWhole) return controller.close();
					return controller.error(brokenOff(value));
				}
				const { data } = value;
				const text = typeof data === "string" ? data : JSON.stringify(data);
				const rest = text.slice(left);
				left = Math.max(0, left - text.length);
				if (rest !== "") return controller.enqueue(rest);
			}
		},
		async cancel() {
			abort.abort();
			await reading.return(undefined);
		},
	});
}
