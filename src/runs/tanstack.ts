import { brokenOff, RunError } from "./errors.ts";
import type { RunEnd } from "./reader.ts";
import type { Runs } from "./runs.ts";
import { beginWriting, type RunWriter } from "./writer.ts";

/** `StreamDurability` of TanStack AI, by shape. To read it yourself, name the chunk type: `tanstackDurability<StreamChunk>(…)`. */
export interface RunDurability<Chunk extends object = never> {
	/** The position that the request resumes from. `null`: it starts a new run. */
	resumeFrom(): string | null;
	/** Stores chunks, and begins the run with the first. Each has an offset. */
	append(chunks: object[]): Promise<string[]>;
	/** The chunks after an offset, to the end of the run. */
	read(offset: string, signal?: AbortSignal): AsyncIterable<{ offset: string; chunk: Chunk }>;
	/** Ends the run. */
	close(): Promise<void>;
	/** The chunks so far. */
	snapshot(): Promise<{ offset: string; chunk: Chunk }[]>;
}

/** The run, for code that has no request. */
export interface RunDurabilityInit {
	/** The id of the run. */
	runId: string;
	/**
	 * The position to resume from.
	 *
	 * @defaultValue `null`: start a new run
	 */
	offset?: string | null | undefined;
}

/** The options of `tanstackDurability()`. */
export interface RunDurabilityOptions {
	/**
	 * Aborted when the run is cancelled, or when the broker accepts no more. Pass the controller that
	 * `chat()` has.
	 *
	 * @defaultValue none: the next chunk is refused instead
	 */
	abortController?: AbortController | undefined;
}

/** Offsets of the protocol: before the first chunk, and after the latest. */
const fromStart = "-1";
const fromNow = "now";

/** The signal's reason that the protocol reads as a user's "stop". */
const cancelled = "tanstack-ai:cancel-requested";

/**
 * TanStack AI's `StreamDurability`, on a run, in place of `memoryStream(request)`. The run's id comes from `X-Run-Id` or
 * `?runId`, or is random. The position comes from `Last-Event-ID` or `?offset`.
 *
 * @example
 * ```ts
 * app.post("/api/chat", async (c) => {
 * 	const abortController = new AbortController();
 * 	const adapter = tanstackDurability(runs, c.req.raw, { abortController });
 * 	const stream = chat({ adapter: model, messages, abortController });
 * 	return toServerSentEventsResponse(stream, { abortController, durability: { adapter } });
 * });
 * ```
 */
export function tanstackDurability<Chunk extends object = never>(
	runs: Runs,
	source: Request | RunDurabilityInit,
	{ abortController }: RunDurabilityOptions = {},
): RunDurability<Chunk> {
	const { id, from } = wanted(source);
	const offsetOf = (count: number) => `${count}.${encodeURIComponent(id)}`;
	let writing: Promise<RunWriter> | undefined;
	let count = 0;

	const begin = async () => {
		const writer = await beginWriting(runs, id);
		if (writer === undefined) {
			throw new RunError("superseded", "The run has been begun already, by another request.");
		}
		const { signal } = writer;
		const stop = () => abortController?.abort(isCancel(signal.reason) ? cancelled : signal.reason);
		signal.addEventListener("abort", stop, { once: true });
		return writer;
	};
	return {
		resumeFrom: () => from,
		append: async (chunks) => {
			if (!Array.isArray(chunks)) {
				throw new TypeError("tanstackDurability: append(): chunks: must be a list.");
			}
			writing ??= begin();
			const writer = await writing;
			const before = count;
			count += chunks.length;
			try {
				await writer.store(...chunks);
			} catch (error) {
				// The run's end already says that it was aborted.
				if (!isCancel(error) || !chunks.every(isError)) throw error;
			}
			return chunks.map((_, at) => offsetOf(before + at + 1));
		},
		async *read(offset, signal) {
			const after = offset === fromNow ? await lengthOf(runs, id) : countOf(offset, id);
			const reading = runs.read(id, { signal });
			try {
				for (let at = 1; ; at++) {
					const { done, value } = await reading.next();
					if (done) return throwUnlessWhole(value);
					// By number, because the producer does not learn ids.
					if (at > after) yield { offset: offsetOf(at), chunk: value.data as Chunk };
				}
			} finally {
				await reading.return(undefined);
			}
		},
		close: async () => {
			// A producer that could not begin the run has nothing to end.
			const writer = await writing?.catch(() => undefined);
			await writer?.finish();
		},
		snapshot: async () => {
			const chunks = (await runs.snapshot(id))?.chunks ?? [];
			return chunks.map((chunk, at) => ({ offset: offsetOf(at + 1), chunk: chunk as Chunk }));
		},
	};
}

interface Wanted {
	readonly id: string;
	readonly from: string | null;
}

/** A `Request` by its shape: other packages have classes of their own. */
function wanted(source: Request | RunDurabilityInit): Wanted {
	if ("runId" in Object(source)) {
		const { runId, offset = null } = source as RunDurabilityInit;
		if (typeof runId === "string" && runId !== "") return { id: runId, from: offset };
		throw new TypeError("tanstackDurability: runId: must be a string that is not empty.");
	}
	const request = Object(source) as Request;
	if (typeof request.headers?.get === "function" && typeof request.url === "string") {
		return asked(request);
	}
	throw new TypeError(
		"tanstackDurability: must be given a Request of the fetch API, or { runId }.",
	);
}

/** The client's offset is not checked here: `read` refuses one that does not belong to the run. */
function asked({ headers, url }: Request): Wanted {
	const query = new URL(url, "http://localhost").searchParams;
	const from = headers.get("last-event-id") || query.get("offset");
	const id = parsed(from)?.id || headers.get("x-run-id") || query.get("runId");
	return { id: id || crypto.randomUUID(), from };
}

function parsed(offset: string | null): { count: number; id: string } | undefined {
	const [, count, id = ""] = /^(\d{1,15})\.(.+)$/.exec(offset ?? "") ?? [];
	try {
		return count === undefined ? undefined : { count: Number(count), id: decodeURIComponent(id) };
	} catch {
		return undefined; // A malformed escape.
	}
}

function countOf(offset: string, id: string): number {
	if (offset === fromStart) return 0;
	const place = parsed(offset);
	if (place?.id === id) return place.count;
	throw new RunError("unknown_run", "The offset is none of the run's.");
}

async function lengthOf(runs: Runs, id: string): Promise<number> {
	return (await runs.status(id))?.messages ?? 0;
}

function isError(chunk: object): boolean {
	return "type" in chunk && chunk.type === "RUN_ERROR";
}

function isCancel(reason: unknown): boolean {
	return reason instanceof RunError && reason.code === "run_cancelled";
}

/** @throws what TanStack AI reads as a stop, or as an error. */
function throwUnlessWhole(end: RunEnd | undefined): void {
	// The reader has left.
	if (end === undefined || end.status === "done") return;
	if (end.status !== "cancelled") throw brokenOff(end);
	throw new DOMException(end.reason ?? "The run was cancelled.", "AbortError");
}
