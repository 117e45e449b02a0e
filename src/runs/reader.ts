import { SseError } from "../core/errors.ts";
import type { Message } from "../core/message/message.ts";
import { beginning, beginningOr, isAfter, isPosition } from "../core/message/position.ts";
import type { RunHost, Visit } from "../core/run-host.ts";
import type { RunEndState, RunRecord } from "../core/run-store.ts";
import { RunError } from "./errors.ts";
import { kindOf } from "./messages.ts";
import type { RunChunk } from "./status.ts";
import { SharedLooks, Watch } from "./watch.ts";

/** How a run ended. */
export interface RunEnd {
	/** `done`, `error`, `cancelled` or `lost`. */
	readonly status: RunEndState;
	/** The reason that was given. */
	readonly reason?: string | undefined;
}

/** What a reader yields: a chunk, or the end. */
export type Step =
	| { readonly message: Message; readonly end?: undefined }
	| { readonly end: RunEnd & { readonly id: string } };

export interface ReadFrom {
	/** The id to start after. Default: from the first chunk. */
	readonly after?: string | undefined;
	readonly signal?: AbortSignal | undefined;
	readonly host?: unknown;
	/** Learns which streams of the channel to end. */
	readonly onDisconnect?: Visit["onDisconnect"] | undefined;
}

/** Everything that a run contains so far. */
interface Collected {
	readonly record: RunRecord;
	readonly chunks: readonly unknown[];
	readonly lastEventId: string | undefined;
}

/** Messages per read of the history. */
const pageSize = 500;

/** Reads runs: messages from the channel, states from the store. */
export class RunReaders {
	readonly #runHost: RunHost;
	readonly #looks: SharedLooks;
	readonly #watches = new Map<string, Watch>();

	constructor(runHost: RunHost) {
		this.#runHost = runHost;
		this.#looks = new SharedLooks((channel) => runHost.connector().runs.status(channel));
	}

	/** The state of a run; undefined: it does not exist. Where requests cannot share I/O, each reads for itself. */
	async look(channel: string, host?: unknown): Promise<RunRecord | undefined> {
		const { scope, runs } = this.#runHost.connector(host);
		return scope === "process" ? this.#looks.look(channel) : runs.status(channel);
	}

	/**
	 * The chunks of the run, until its end.
	 *
	 * @throws {RunError} `gap` when chunks are missing, `unknown_run` when it is gone.
	 */
	async *steps(channel: string, first: RunRecord, from: ReadFrom): AsyncGenerator<Step, void> {
		const { signal, host } = from;
		let position = beginningOr(from.after);
		let record: RunRecord | undefined = first;
		while (!signal?.aborted) {
			if (record === undefined || record.name !== first.name) throw gone();
			const steps: AsyncGenerator<Step, void> =
				record.end === undefined
					? this.#live(channel, record, position, from)
					: this.#kept(channel, record, position, from);
			for await (const step of steps) {
				if (step.end === undefined) position = step.message.id ?? position;
				yield step;
				if (step.end !== undefined) return;
			}
			if (signal?.aborted) return;
			record = await this.look(channel, host);
		}
	}

	/** The same for users. It returns how the run ended. */
	async *read(channel: string, from: ReadFrom): AsyncGenerator<RunChunk, RunEnd | undefined> {
		const record = await this.look(channel);
		if (record === undefined) throw gone();
		for await (const step of this.steps(channel, record, from)) {
			if (step.end !== undefined) {
				const { id: _, ...end } = step.end;
				return end;
			}
			yield { id: step.message.id ?? "", data: step.message.data };
		}
		return undefined;
	}

	/** The record, and all chunks that are still kept. Undefined: the run does not exist. */
	async collect(channel: string): Promise<Collected | undefined> {
		for (;;) {
			const record = await this.look(channel);
			if (record === undefined) return undefined;
			try {
				return { record, ...(await this.#chunksOf(channel, record)) };
			} catch (error) {
				// It was deleted meanwhile, and may have been started again.
				if (!(error instanceof RunError) || error.code !== "unknown_run") throw error;
			}
		}
	}

	async #chunksOf(channel: string, record: RunRecord) {
		const { history } = this.#runHost.connector();
		const chunks: unknown[] = [];
		let position = beginning;
		for (let count = 0; ; ) {
			const { covered, messages, more } = await history.read(channel, position, pageSize);
			if (!covered) throw await this.#missing(channel, record);
			for (const { id, payload } of messages) {
				position = id;
				count++;
				const message = payload === undefined ? undefined : this.#runHost.decode(payload);
				if (message?.id === id && kindOf(message) === "chunk") chunks.push(message.data);
				if (id === record.end) return { chunks, lastEventId: id };
			}
			if (more) continue;
			if (record.end !== undefined || count < record.count) {
				throw await this.#missing(channel, record);
			}
			return { chunks, lastEventId: position === beginning ? undefined : position };
		}
	}

	/** Why chunks are missing: the run is deleted, or only the chunks were trimmed. */
	async #missing(channel: string, { name }: RunRecord, host?: unknown): Promise<RunError> {
		const found = await this.look(channel, host);
		return found?.name === name ? gap() : gone();
	}

	/** The chunks of a running run. It returns early when it is time to read the record again. */
	async *#live(
		channel: string,
		record: RunRecord,
		lastEventId: string,
		{ signal, host, onDisconnect }: ReadFrom,
	): AsyncGenerator<Step, void> {
		const { name } = record;
		const abort = new AbortController();
		const wake = () => abort.abort();
		signal?.addEventListener("abort", wake);
		const watch = this.#watch(channel, record, host);
		const leave = watch.join(wake);
		const from = { lastEventId, signal: abort.signal };
		const messages = this.#runHost.messages(channel, from, host, onDisconnect);
		try {
			for await (const message of messages) {
				const kind = kindOf(message);
				if (kind === "gap") throw await this.#missing(channel, record, host);
				if (kind === "gone") {
					const found = await this.look(channel, host);
					if (found?.name !== name) throw gone();
				} else if (kind === "end") {
					const found = await this.look(channel, host);
					if (found?.name !== name) throw gone();
					// Anybody with access to the broker may have sent it.
					if (found.end === message.id) yield { end: endOf(found) };
				} else if (kind === "chunk") {
					if (message.id !== undefined) watch.heard(message.id);
					yield { message };
				}
			}
		} catch (error) {
			// It continues from the history, so nothing queues in memory for a slow reader.
			if (!(error instanceof SseError) || error.code !== "slow_consumer") throw error;
		} finally {
			leave();
			signal?.removeEventListener("abort", wake);
			await messages.return();
		}
	}

	/** The chunks of a run that has ended. It needs no subscription, and reads the record for each page. */
	async *#kept(
		channel: string,
		record: RunRecord,
		after: string,
		{ signal, host }: ReadFrom,
	): AsyncGenerator<Step, void> {
		const { history } = this.#runHost.connector(host);
		const end = endOf(record);
		// A reader that already has the end, as after a snapshot, is only told again.
		if (isPosition(after) && !isAfter(end.id, after)) {
			yield { end };
			return;
		}
		if (!isPosition(after)) throw gap();
		let position = after;
		while (!signal?.aborted) {
			const page = await history.read(channel, position, pageSize);
			if (!page.covered) throw await this.#missing(channel, record, host);
			for (const { id, payload } of page.messages) {
				if (isAfter(id, end.id)) break;
				position = id;
				const message = payload === undefined ? undefined : this.#runHost.decode(payload);
				if (id === end.id) {
					yield { end };
					return;
				}
				if (message?.id === id && kindOf(message) === "chunk") yield { message };
			}
			if (!page.more) throw await this.#missing(channel, record, host);
		}
	}

	#watch(channel: string, record: RunRecord, host: unknown): Watch {
		const { scope, runs } = this.#runHost.connector(host);
		const key = `${record.name} ${channel}`;
		const found = this.#watches.get(key);
		if (found !== undefined && !found.isIdle) return found;
		const watching = {
			runs,
			look: () => this.look(channel, host),
			report: (error: unknown) => this.#runHost.report(error, channel),
		};
		const watch = new Watch(watching, channel, record);
		if (scope === "process") {
			for (const [idle, each] of this.#watches) if (each.isIdle) this.#watches.delete(idle);
			this.#watches.set(key, watch);
		}
		return watch;
	}
}

function endOf({ end = "", state, reason }: RunRecord): RunEnd & { id: string } {
	const status = state as RunEndState;
	return { id: end, status, ...(reason && { reason }) };
}

function gap(): RunError {
	return new RunError("gap", "Chunks of the run are missing.");
}

function gone(): RunError {
	return new RunError("unknown_run", "There is no such run, or it is kept no longer.");
}
