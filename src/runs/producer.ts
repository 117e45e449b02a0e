import { ConnectorError, closedError, SseError } from "../core/errors.ts";
import type { Message } from "../core/message/message.ts";
import type { RunHost } from "../core/run-host.ts";
import type { RunEndState } from "../core/run-store.ts";
import { atEndOfTurn } from "../core/scheduling.ts";
import { ChunkReader, type RunChunks, storeNow } from "./chunks.ts";
import { RunError } from "./errors.ts";
import { endPayload, kindOf } from "./messages.ts";
import type { CheckedRunsOptions } from "./options.ts";
import { Outbox } from "./outbox.ts";
import type { RunEnd } from "./reader.ts";

/** Yields a run's chunks. Its signal aborts when the run is cancelled, or when the broker accepts no more. */
export type RunSource = (signal: AbortSignal) => RunChunks | Promise<RunChunks>;

/** The run and its lease. */
export interface Claimed {
	readonly channel: string;
	readonly token: string;
	/** In ms. */
	readonly lease: number;
	readonly host?: unknown;
}

/** The pause between retries of storing the end, in ms. */
const endPause = 500;

/** Reads a source to its end, and then ends the run. */
export class Producer {
	readonly #runHost: RunHost;
	readonly #options: CheckedRunsOptions;
	readonly #claimed: Claimed;
	readonly #abort = new AbortController();
	readonly #outbox: Outbox;
	#cancelReason = "";

	constructor(runHost: RunHost, options: CheckedRunsOptions, claimed: Claimed) {
		this.#runHost = runHost;
		this.#options = options;
		this.#claimed = claimed;
		const { channel, token, lease, host } = claimed;
		const { runs } = runHost.connector(host);
		this.#outbox = new Outbox({
			options,
			lease,
			append: (payloads, from) => runs.append(channel, { token, payloads, from }),
			onCancel: (reason) => this.#cancel(reason),
			onFailure: (error) => this.#abort.abort(error),
		});
	}

	/** Resolves to how the run ended; never rejects. */
	async run(source: RunSource): Promise<RunEnd> {
		const { signal } = this.#abort;
		const report = (error: unknown) => this.#runHost.report(error, this.#claimed.channel);
		const stopListening = new AbortController();
		void this.#listen(stopListening.signal);
		const turn = new Turn();
		let reader: ChunkReader | undefined;
		try {
			reader = new ChunkReader(await withSignal(source, signal, report), signal);
			for (let step = await reader.next(); step.done !== true; step = await reader.next()) {
				const isAsked = step.value === storeNow;
				const room = isAsked ? this.#outbox.flush() : this.#outbox.add(step.value);
				if (room !== undefined) await room;
				if (turn.isOver) await turn.next();
			}
			await this.#outbox.flush();
			return await this.#end("done", "");
		} catch (error) {
			return await this.#failed(error);
		} finally {
			stopListening.abort();
			this.#outbox.close();
			// The source may ignore its signal, and may never end.
			reader?.cancel().catch(report);
		}
	}

	/** The process is ending. The run ends first, so that its readers need not wait for the lease. */
	stop(): void {
		this.#abort.abort(closedError("ServerSentEvents"));
	}

	#cancel(reason: string): void {
		this.#cancelReason = reason;
		const text = reason === "" ? "The run was cancelled." : reason;
		this.#abort.abort(new RunError("run_cancelled", text));
	}

	/** Learns of a cancel even while there is nothing to append. */
	async #listen(signal: AbortSignal): Promise<void> {
		const { channel, host } = this.#claimed;
		while (!signal.aborted) {
			let stop: (() => void) | undefined;
			let leave: (() => void) | undefined;
			let isOver = false;
			try {
				await new Promise<void>((resolve, reject) => {
					leave = () => resolve();
					signal.addEventListener("abort", leave);
					const heard = (message: Message) => {
						if (kindOf(message) === "cancel") this.#look().catch(reject);
					};
					this.#runHost.listen(channel, heard, reject, host).then((each) => {
						stop = each;
						if (isOver) each();
						else if (signal.aborted) resolve();
						// It may have been cancelled before the subscription existed.
						else this.#look().catch(reject);
					}, reject);
				});
			} catch (error) {
				const code = error instanceof SseError ? error.code : undefined;
				// Every append answers this too, so a refused read is not repeated.
				if (code === "closed" || code === "refused") return;
				await new Promise((resolve) => setTimeout(resolve, endPause));
			} finally {
				isOver = true;
				if (leave !== undefined) signal.removeEventListener("abort", leave);
				stop?.();
			}
		}
	}

	/** The message is only a hint, which anybody with access to the broker can send. The store decides. */
	async #look(): Promise<void> {
		const { channel, host } = this.#claimed;
		try {
			const record = await this.#runHost.connector(host).runs.status(channel);
			if (record?.cancel !== undefined) this.#cancel(record.cancel);
		} catch (error) {
			// The core reports errors of the subscription.
			const code = error instanceof SseError ? error.code : undefined;
			if (code !== "unavailable" && code !== "closed") this.#runHost.report(error, channel);
			throw error;
		}
	}

	async #failed(error: unknown): Promise<RunEnd> {
		const { channel } = this.#claimed;
		const reason: unknown = this.#abort.signal.aborted ? this.#abort.signal.reason : error;
		// Chunks before the error count.
		await this.#outbox.flush().catch(() => undefined);
		if (reason instanceof RunError && reason.code === "run_cancelled") {
			return this.#end("cancelled", this.#cancelReason);
		}
		if (reason instanceof ConnectorError && reason.code === "closed") {
			return this.#end("error", "The producer's process has ended.");
		}
		this.#runHost.report(reason, channel);
		this.#abort.abort(reason);
		return this.#end("error", "");
	}

	/** Stores the end, unless somebody else stored one. */
	async #end(state: RunEndState, reason: string): Promise<RunEnd> {
		const { channel, token, host } = this.#claimed;
		const finish = { token, state, reason, payload: endPayload(state) };
		const deadline = performance.now() + this.#options.timeout;
		for (;;) {
			try {
				const ended = await this.#runHost.connector(host).runs.finish(channel, finish);
				const status = ended.refused === undefined ? ended.state : "error";
				return { status, ...(reason && status === state && { reason }) };
			} catch (error) {
				const isAway = error instanceof SseError && error.code === "unavailable";
				if (!isAway || performance.now() > deadline) {
					this.#runHost.report(error, channel);
					return { status: "error" };
				}
				await new Promise((resolve) => setTimeout(resolve, endPause));
			}
		}
	}
}

/** Calls the source's function, unless the signal aborts first. */
async function withSignal(
	source: RunSource,
	signal: AbortSignal,
	report: (error: unknown) => void,
): Promise<RunChunks> {
	const made = source(signal);
	if (!(made instanceof Promise)) return made;
	return new Promise((resolve, reject) => {
		const abort = () => {
			reject(signal.reason);
			// Nobody uses its result.
			made.then((chunks) => new ChunkReader(chunks, signal).cancel()).catch(report);
		};
		signal.addEventListener("abort", abort, { once: true });
		made.finally(() => signal.removeEventListener("abort", abort)).then(resolve, reject);
	});
}

/** How long a source that never waits may occupy the event loop, in ms. */
const longestTurn = 10;

/** How many chunks pass between two looks at the clock. */
const chunksPerLook = 16;

/** Yields to the event loop. */
class Turn {
	#begun = performance.now();
	#chunks = 0;

	/** Called after each chunk. */
	get isOver(): boolean {
		this.#chunks++;
		return this.#chunks % chunksPerLook === 0 && performance.now() - this.#begun > longestTurn;
	}

	async next(): Promise<void> {
		await new Promise<void>(atEndOfTurn);
		this.#begun = performance.now();
	}
}
