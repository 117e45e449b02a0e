import { channelProblem, isAllowed } from "../core/request/request.ts";
import type { RunHost } from "../core/run-host.ts";
import type { RunEndState, RunRecord, RunState } from "../core/run-store.ts";
import { RunError } from "./errors.ts";
import { cancelPayload, gonePayload } from "./messages.ts";
import { type CheckedRunsOptions, checkedRunsOptions, type RunsOptions } from "./options.ts";
import { Producer, type RunSource } from "./producer.ts";
import { gone, type RunEnd, RunReaders } from "./reader.ts";
import { answerRequest, type RunStreamOptions } from "./requests.ts";
import { RunSteps, type StepOptions } from "./steps.ts";

/** How a run stands. */
export interface RunStatus {
	readonly status: RunState;
	/** What was said of its end. */
	readonly reason?: string | undefined;
	/** Somebody wants it to be cancelled, for this reason. */
	readonly cancel?: string | undefined;
	/** Messages so far. */
	readonly messages: number;
	/** In ms since 1970, by the broker's clock. */
	readonly startedAt: number;
	readonly endedAt?: number | undefined;
}

/** A chunk, and its id. */
export interface RunChunk {
	readonly id: string;
	readonly data: unknown;
}

/** All that a run has said so far. */
export interface RunSnapshot extends RunStatus {
	readonly chunks: readonly unknown[];
	/** The chunks that are text, together. */
	readonly text: string;
	/** The id of the last of it, to go on with; undefined: there is nothing yet. */
	readonly lastEventId: string | undefined;
}

/** Who `start` made of its caller. */
export type Started<Role> =
	/** `done`: how the run ends; it never rejects. */
	| (Role & { readonly role: "producer" })
	/** Somebody else began it, or it has ended already. */
	| { readonly role: "reader"; readonly done: Promise<undefined>; readonly lease?: undefined };

/** What runs are built on: a `ServerSentEvents` whose connector keeps messages. */
export interface RunsBase {
	/** @internal */
	runHost(prefix: string): RunHost;
}

/**
 * Streams with an end: what one producer says, for any number of readers in any process, to the end of it.
 *
 * ```ts
 * const runs = new Runs(sse);
 * await runs.start(id, (signal) => streamText({ model, prompt, abortSignal: signal }).textStream);
 * app.get("/runs/:id", (c) => runs.stream(c.req.raw, c.req.param("id")));
 * ```
 *
 * From then on nobody publishes to channels that begin with the prefix, by this `ServerSentEvents`.
 *
 * @throws {TypeError} when an option is out of its range.
 */
export class Runs {
	readonly #runHost: RunHost;
	readonly #options: CheckedRunsOptions;
	readonly #readers: RunReaders;
	readonly #steps: RunSteps;
	#producers = 0;

	constructor(sse: RunsBase, options: RunsOptions = {}) {
		if (typeof sse?.runHost !== "function") {
			throw new TypeError("Runs: the first argument must be a ServerSentEvents.");
		}
		// The prefix is looked at before the other options, and reserved after all of them.
		const runHost = sse.runHost(checkedRunsOptions(options, Infinity).prefix);
		this.#runHost = runHost;
		const { limits, channels } = runHost.options;
		this.#options = checkedRunsOptions(options, limits.messageBytes);
		if (!isAllowed(this.#options.prefix, channels.allowed)) {
			throw new TypeError(`Runs: prefix: channels.allowed needs "${this.#options.prefix}*".`);
		}
		this.#readers = new RunReaders(runHost);
		this.#steps = new RunSteps(runHost, this.#options);
	}

	/**
	 * Begins a run, if it is not there yet. The first who asks is its producer, in whichever process; everybody else is a
	 * reader. An id is free again after `delete`, or when the run is kept no longer.
	 *
	 * @param source makes what the run says: a stream or an iterable of text, bytes of text, or JSON values. Its signal
	 *   aborts when the run is cancelled, or the broker takes no more.
	 * @throws {RunError} `run_limit` when there are too many producers in this process.
	 * @throws {ConnectorError} when the broker could not be reached, or refused.
	 */
	start(id: string, source: RunSource): Promise<Started<{ readonly done: Promise<RunEnd> }>>;
	/**
	 * Begins a run for a producer in steps, which appends and finishes by itself, from any process that has the lease.
	 *
	 * @param options.lease how long it may be silent, in ms; each `append` begins it anew.
	 */
	start(id: string, options?: StepOptions): Promise<Started<{ readonly lease: string }>>;
	async start(
		id: string,
		how: RunSource | StepOptions = {},
	): Promise<Started<{ readonly done: Promise<RunEnd> } | { readonly lease: string }>> {
		const channel = this.#channel(id);
		if (typeof how !== "function") return this.#steps.start(channel, how);
		const { runs } = this.#options.limits;
		if (this.#producers >= runs) {
			throw new RunError("run_limit", `There are ${runs} producers; see limits.runs of Runs.`);
		}
		this.#producers++;
		let done: Promise<RunEnd> | undefined;
		try {
			const claimed = await this.#steps.claim(channel, this.#options.lease);
			if (claimed === undefined) return { role: "reader", done: Promise.resolve(undefined) };
			done = new Producer(this.#runHost, this.#options, claimed).run(how).finally(() => {
				this.#producers--;
			});
			this.#options.waitUntil?.(done);
			return { role: "producer", done };
		} finally {
			if (done === undefined) this.#producers--;
		}
	}

	/**
	 * Adds a chunk to a run that was started in steps. Calls of this process keep their order.
	 *
	 * @returns `cancel`: why somebody wants it to be cancelled, if so.
	 * @throws {RunError} `superseded` when it has ended, or is another's; `run_limit` when it is at its limit.
	 */
	async append(
		id: string,
		chunk: unknown,
		options: { lease: string },
	): Promise<{ cancel?: string | undefined }> {
		return this.#steps.append(this.#channel(id), chunk, options);
	}

	/**
	 * Ends a run that was started in steps. Doing so again does no harm.
	 *
	 * @throws {RunError} `superseded` when it is another's, or has ended otherwise.
	 */
	async finish(
		id: string,
		options: { lease: string; status?: Exclude<RunEndState, "lost">; reason?: string },
	): Promise<void> {
		return this.#steps.finish(this.#channel(id), options);
	}

	/**
	 * Answers a request with the run: a stream that ends with it; 204 for a client that has all of it; 404 where there is
	 * none. docs/runs.md has the table. `authorize` is asked for the run's channel.
	 *
	 * @throws {TypeError} when an option breaks its rule.
	 */
	async stream(request: Request, id: string, options: RunStreamOptions = {}): Promise<Response> {
		const parts = { runHost: this.#runHost, readers: this.#readers };
		return answerRequest(parts, request, this.#channel(id), options);
	}

	/**
	 * What the run says, for code in this process, until its end, which is what the generator returns.
	 *
	 * @throws {RunError} `unknown_run` when there is none, or it is deleted meanwhile; `gap` when chunks are missing.
	 */
	async *read(
		id: string,
		{ after, signal }: { after?: string | undefined; signal?: AbortSignal | undefined } = {},
	): AsyncGenerator<RunChunk, RunEnd | undefined> {
		const channel = this.#channel(id);
		const record = await this.#readers.look(channel);
		if (record === undefined) throw gone();
		for await (const step of this.#readers.steps(channel, record, { after, signal })) {
			if (step.end !== undefined) {
				const { id: _, ...end } = step.end;
				return end;
			}
			yield { id: step.message.id ?? "", data: step.message.data };
		}
		return undefined;
	}

	/** All that the run has said so far; undefined where there is none. */
	async snapshot(id: string): Promise<RunSnapshot | undefined> {
		const channel = this.#channel(id);
		const record = await this.#readers.look(channel);
		if (record === undefined) return undefined;
		const chunks: unknown[] = [];
		const lastEventId = await this.#readers.collect(channel, record, (data) => chunks.push(data));
		const text = chunks.filter((chunk) => typeof chunk === "string").join("");
		return { ...statusOf(record), chunks, text, lastEventId };
	}

	/** How the run stands; undefined where there is none. */
	async status(id: string): Promise<RunStatus | undefined> {
		const record = await this.#readers.look(this.#channel(id));
		return record && statusOf(record);
	}

	/**
	 * Asks the run's producer to stop, wherever it is: its signal aborts, and the run ends as `cancelled`.
	 *
	 * @param reason at most 1,000 characters; the first one counts.
	 * @returns whether there is a run that goes on.
	 */
	async cancel(id: string, reason = ""): Promise<boolean> {
		if (typeof reason !== "string" || reason.length > 1_000) {
			throw new TypeError("Runs: reason: must be a string of at most 1,000 characters.");
		}
		const { runs } = this.#runHost.connector();
		const record = await runs.cancel(this.#channel(id), reason, cancelPayload());
		return record?.state === "running";
	}

	/** Takes a run away, with all that it said. Its producer is refused from then on, and the id is free. */
	async delete(id: string): Promise<void> {
		await this.#runHost.connector().runs.delete(this.#channel(id), gonePayload());
	}

	/** @throws {TypeError} when no channel can have the name. */
	#channel(id: string): string {
		if (typeof id !== "string" || id === "") {
			throw new TypeError("Runs: id: must be a string that is not empty.");
		}
		const channel = this.#options.prefix + id;
		const problem = channelProblem([channel], { channels: 1 });
		if (problem === undefined) return channel;
		throw new TypeError(`Runs: id: with the prefix it is a channel's name. ${problem}`);
	}
}

function statusOf(record: RunRecord): RunStatus {
	const { state: status, count: messages, started: startedAt, ended, reason, cancel } = record;
	return {
		status,
		messages,
		startedAt,
		...(ended !== undefined && { endedAt: ended }),
		...(reason && { reason }),
		...(cancel !== undefined && { cancel }),
	};
}
