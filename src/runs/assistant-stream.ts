import type { RunState } from "../core/run-store.ts";
import { isBytes } from "./chunks.ts";
import { brokenOff, RunError } from "./errors.ts";
import type { Runs } from "./runs.ts";
import { beginWriting, type RunWriter } from "./writer.ts";

/** Names the producer. */
interface Lease {
	readonly token: string;
}

/** `ResumableStreamStore` of assistant-ui's package `assistant-stream`, by shape. */
export interface AssistantStreamStore {
	/** Begins a stream, if there is none of that id. */
	acquire(streamId: string, options?: { ttlMs?: number }): Promise<"producer" | "consumer">;
	/** The same, with a lease for the producer. */
	acquireLease(
		streamId: string,
		options?: { ttlMs?: number },
	): Promise<{ role: "producer"; lease: { token: string } } | { role: "consumer" }>;
	/** Appends bytes. */
	append(streamId: string, chunk: Uint8Array, lease?: { readonly token: string }): Promise<void>;
	/** Ends a stream. `false`: it had already ended, or belongs to another producer. */
	finalize(
		streamId: string,
		status: "done" | "error",
		error?: string,
		lease?: { readonly token: string },
	): Promise<boolean>;
	/** What comes after a cursor, to the end. */
	read(
		streamId: string,
		cursor: string,
		signal: AbortSignal,
	): AsyncIterable<{ cursor: string; chunk: Uint8Array<ArrayBuffer> }>;
	/** The state of a stream. */
	status(streamId: string): Promise<"streaming" | "done" | "error" | "missing">;
	/** Deletes a stream. */
	delete(streamId: string): Promise<void>;
}

const statuses: Record<RunState, "streaming" | "done" | "error"> = {
	running: "streaming",
	done: "done",
	// The text up to here is complete.
	cancelled: "done",
	error: "error",
	lost: "error",
};

/**
 * A store for assistant-ui's resumable streams, on runs. Appends do not wait for a broker that keeps up. When a producer
 * dies, its readers' streams fail.
 *
 * @example
 * ```ts
 * const context = createResumableStreamContext({ store: assistantStreamStore(runs) });
 * ```
 */
export function assistantStreamStore(runs: Runs): AssistantStreamStore {
	/** Running streams that this store began. `limits.runs` bounds them. */
	const writers = new Map<string, { token: string; writer: RunWriter }>();
	const found = (id: string, lease: Lease | undefined) => {
		const own = writers.get(id);
		return lease === undefined || lease.token === own?.token ? own?.writer : undefined;
	};

	const acquireLease: AssistantStreamStore["acquireLease"] = async (id, options) => {
		if (options?.ttlMs !== undefined) {
			throw new TypeError("assistantStreamStore: ttlMs: is keepDone of Runs; leave it out here.");
		}
		const writer = await beginWriting(runs, id);
		if (writer === undefined) return { role: "consumer" };
		const token = crypto.randomUUID();
		writers.set(id, { token, writer });
		void writer.done.then(() => {
			if (writers.get(id)?.token === token) writers.delete(id);
		});
		return { role: "producer", lease: { token } };
	};
	return {
		acquireLease,
		acquire: async (id, options) => (await acquireLease(id, options)).role,
		append: async (id, chunk, lease) => {
			if (!isBytes(chunk)) {
				throw new TypeError("assistantStreamStore: append(): chunk: must be a Uint8Array.");
			}
			const writer = found(id, lease);
			if (writer !== undefined) return writer.write(saidBy(chunk));
			throw new RunError("superseded", "The stream is not this producer's, or has ended.");
		},
		finalize: async (id, status, error, lease) => {
			const writer = found(id, lease);
			if (writer === undefined) {
				await existing(runs, id);
				return false;
			}
			const failure = status === "error" ? new Error(error ?? "The stream failed.") : undefined;
			return (await writer.finish(failure)).status === status;
		},
		async *read(id, cursor, signal) {
			await existing(runs, id);
			const reading = runs.read(id, { signal, ...(cursor !== "" && { after: cursor }) });
			try {
				for (;;) {
					const { done, value } = await reading.next();
					if (!done) yield { cursor: value.id, chunk: bytesOf(value.data) };
					else if (value === undefined || statuses[value.status] === "done") return;
					else throw brokenOff(value);
				}
			} catch (error) {
				// A deletion ends it.
				if (!(error instanceof RunError) || error.code !== "unknown_run") throw error;
			} finally {
				await reading.return(undefined);
			}
		},
		status: async (id) => {
			const status = (await runs.status(id))?.status;
			return status === undefined ? "missing" : statuses[status];
		},
		delete: (id) => runs.delete(id),
	};
}

async function existing(runs: Runs, id: string): Promise<void> {
	if ((await runs.status(id)) !== undefined) return;
	throw new RunError("unknown_run", "There is no such stream, or it is kept no longer.");
}

/** Converts bytes to text, which can be joined. Bytes that are not text, such as half of a character, are stored apart. */
function saidBy(chunk: Uint8Array): unknown {
	try {
		return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(chunk);
	} catch {
		return { bytes: btoa(Array.from(chunk, (byte) => String.fromCharCode(byte)).join("")) };
	}
}

function bytesOf(data: unknown): Uint8Array<ArrayBuffer> {
	if (typeof data === "string") return new TextEncoder().encode(data);
	const { bytes } = Object(data) as { bytes?: unknown };
	if (typeof bytes !== "string") {
		throw new TypeError("assistantStreamStore: read(): the run has chunks that are no stream's.");
	}
	return Uint8Array.from(atob(bytes), (character) => character.charCodeAt(0));
}
