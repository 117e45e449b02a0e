import { isAllowed } from "../core/request/request.ts";
import type { RunHost } from "../core/run-host.ts";
import type { RunEndState } from "../core/run-store.ts";
import { Cancels, checkReason, type RunCancelOptions } from "./cancelling.ts";
import { channelAsked, channelOf } from "./channel.ts";
import { gonePayload } from "./messages.ts";
import {
	type CheckedRunsOptions,
	checkedRunsOptions,
	checkReadFrom,
	type RunsOptions,
} from "./options.ts";
import type { RunSource } from "./producer.ts";
import { Producers } from "./producers.ts";
import { type RunEnd, RunReaders } from "./reader.ts";
import { answerRequest, type RunStreamOptions } from "./requests.ts";
import {
	type RunChunk,
	type RunSnapshot,
	type RunStatus,
	type RunsBase,
	type Started,
	statusOf,
} from "./status.ts";
import { RunSteps, type StepOptions } from "./steps.ts";

/**
 * Streams with an end: one producer writes, and readers in any process read to the end.
 * Nothing else in this `ServerSentEvents` can publish to the channels of runs.
 * @example
 * ```ts
 * const runs = new Runs(sse);
 * await runs.start("7", async function* () {
 * 	yield "Hello, ";
 * 	yield "world!";
 * });
 * app.get("/runs/:id", (c) => runs.stream(c.req.raw, c.req.param("id")));
 * ```
 *
 * @throws {TypeError} when an option is out of its range.
 */
export class Runs {
	readonly #runHost: RunHost;
	readonly #options: CheckedRunsOptions;
	readonly #readers: RunReaders;
	readonly #steps: RunSteps;
	readonly #cancels: Cancels;
	readonly #producers: Producers;

	constructor(sse: RunsBase, options: RunsOptions = {}) {
		if (typeof sse?.runHost !== "function") {
			throw new TypeError("Runs: the first argument must be a ServerSentEvents.");
		}
		// The prefix is checked before the other options, and reserved after all of them.
		const runHost = sse.runHost(checkedRunsOptions(options, Infinity).prefix);
		this.#runHost = runHost;
		const { limits, channels } = runHost.options;
		this.#options = checkedRunsOptions(options, limits.messageBytes);
		if (!isAllowed(this.#options.prefix, channels.allowed)) {
			throw new TypeError(`Runs: prefix: channels.allowed needs "${this.#options.prefix}*".`);
		}
		this.#readers = new RunReaders(runHost);
		this.#cancels = new Cancels(runHost);
		this.#steps = new RunSteps(runHost, this.#options);
		this.#producers = new Producers(runHost, this.#options, this.#steps);
	}

	/**
	 * Begins a run, if it does not exist yet. The first caller in any process is its producer; every other caller is a reader.
	 * Call it again after a `ConnectorError`. An id is free again after `delete`, or when the run has expired.
	 * @example
	 * ```ts
	 * const { role, done } = await runs.start("7", () => tokens);
	 * if (role === "producer") console.log((await done).status);
	 * ```
	 *
	 * @param source returns a stream or an iterable of text, bytes of text, or JSON values. Its
	 *   signal aborts when the run is cancelled, or when the broker accepts no more.
	 * @throws {RunError} `run_limit` when there are too many producers in this process.
	 * @throws {ConnectorError} when the broker could not be reached, or refused.
	 */
	start(id: string, source: RunSource): Promise<Started<{ readonly done: Promise<RunEnd> }>>;
	/**
	 * Begins a run for a producer that calls `append` and `finish` itself, from any process that has the
	 * lease.
	 * @example
	 * ```ts
	 * const { lease } = await runs.start("8", { lease: 60_000 });
	 * if (lease !== undefined) await runs.append("8", "Hello", { lease });
	 * ```
	 *
	 * @param options.lease how long the producer may be silent, in ms. Each `append` renews it.
	 */
	start(id: string, options?: StepOptions): Promise<Started<{ readonly lease: string }>>;
	async start(
		id: string,
		how: RunSource | StepOptions = {},
	): Promise<Started<{ readonly done: Promise<RunEnd> } | { readonly lease: string }>> {
		const channel = channelOf(this.#options.prefix, id);
		if (typeof how === "function") return this.#producers.start(channel, how);
		return this.#steps.start(channel, how);
	}

	/**
	 * Adds a chunk to a run that was started in steps. Calls of this process keep their order; on
	 * Workers, awaited calls do.
	 * @example
	 * ```ts
	 * const { cancel } = await runs.append("8", "Hello", { lease });
	 * ```
	 *
	 * @returns `cancel`: the reason, if somebody asked to cancel the run.
	 * @throws {RunError} `superseded` when it has ended or belongs to another producer; `run_limit` at its limit.
	 */
	async append(
		id: string,
		chunk: unknown,
		options: { lease: string },
	): Promise<{ cancel?: string | undefined }> {
		return this.#steps.append(channelOf(this.#options.prefix, id), chunk, options);
	}

	/**
	 * Ends a run that was started in steps. Idempotent.
	 * @example
	 * ```ts
	 * await runs.finish("8", { lease });
	 * ```
	 *
	 * @throws {RunError} `superseded` when it belongs to another producer, or has ended
	 *   otherwise.
	 */
	async finish(
		id: string,
		options: { lease: string; status?: Exclude<RunEndState, "lost">; reason?: string },
	): Promise<void> {
		return this.#steps.finish(channelOf(this.#options.prefix, id), options);
	}

	/**
	 * Answers a request with the run: a stream that ends with it, 204 for a client that already has
	 * all of it, 404 for an unknown run. docs/runs.md has the table. `authorize` is called with the
	 * run's channel.
	 * @example
	 * ```ts
	 * app.get("/runs/:id", (c) => runs.stream(c.req.raw, c.req.param("id"), { host: c.env }));
	 * ```
	 *
	 * @throws {TypeError} when an option breaks its rule.
	 */
	async stream(request: Request, id: string, options: RunStreamOptions = {}): Promise<Response> {
		const parts = { runHost: this.#runHost, readers: this.#readers };
		return answerRequest(parts, request, channelAsked(this.#options.prefix, id), options);
	}

	/**
	 * The chunks of the run, for code in this process. The generator returns how the run ended.
	 * @example
	 * ```ts
	 * for await (const { data } of runs.read("7")) console.log(data);
	 * ```
	 *
	 * @throws {RunError} `unknown_run` when it does not exist, or is deleted during the read; `gap`
	 *   when chunks are missing.
	 */
	async *read(
		id: string,
		options: { after?: string | undefined; signal?: AbortSignal | undefined } = {},
	): AsyncGenerator<RunChunk, RunEnd | undefined> {
		checkReadFrom(options);
		const { after, signal } = options;
		return yield* this.#readers.read(channelOf(this.#options.prefix, id), { after, signal });
	}

	/**
	 * Everything that the run contains so far. Undefined when it does not exist.
	 * @example
	 * ```ts
	 * const text = (await runs.snapshot("7"))?.text;
	 * ```
	 */
	async snapshot(id: string): Promise<RunSnapshot | undefined> {
		const collected = await this.#readers.collect(channelOf(this.#options.prefix, id));
		if (collected === undefined) return undefined;
		const { record, chunks, lastEventId } = collected;
		const text = chunks.filter((chunk) => typeof chunk === "string").join("");
		return { ...statusOf(record), chunks, text, lastEventId };
	}

	/**
	 * The state of the run. Undefined when it does not exist.
	 * @example
	 * ```ts
	 * const isOver = (await runs.status("7"))?.status !== "running";
	 * ```
	 */
	async status(id: string): Promise<RunStatus | undefined> {
		const record = await this.#readers.look(channelOf(this.#options.prefix, id));
		return record && statusOf(record);
	}

	/**
	 * Asks the run's producer to stop, in whichever process it runs. Its signal aborts, and the run
	 * ends as `cancelled`.
	 * @example
	 * ```ts
	 * await runs.cancel("7", "The user left.");
	 * ```
	 *
	 * @param reason at most 1,000 characters; the first one counts.
	 * @returns whether there is a run that is still running.
	 */
	async cancel(id: string, reason = ""): Promise<boolean> {
		checkReason("", reason);
		const record = await this.#cancels.cancel(channelOf(this.#options.prefix, id), reason);
		return record?.state === "running";
	}

	/**
	 * Answers a POST that asks to stop the run: 202 while it is running, 200 when it has ended, 404
	 * when it is unknown. `authorize` is called with the run's channel and the POST. A page of
	 * another site is refused (403) unless `cors` names its origin.
	 * @example
	 * ```ts
	 * app.post("/runs/:id/stop", (c) => runs.cancelRequest(c.req.raw, c.req.param("id")));
	 * ```
	 *
	 * @throws {TypeError} when an option breaks its rule.
	 */
	async cancelRequest(
		request: Request,
		id: string,
		options: RunCancelOptions = {},
	): Promise<Response> {
		return this.#cancels.answer(request, channelAsked(this.#options.prefix, id), options);
	}

	/**
	 * Deletes a run and all its chunks. Its producer is then refused, and the id is
	 * free.
	 * @example
	 * ```ts
	 * await runs.delete("7");
	 * ```
	 */
	async delete(id: string): Promise<void> {
		await this.#runHost.connector().runs.delete(channelOf(this.#options.prefix, id), gonePayload());
	}
}
