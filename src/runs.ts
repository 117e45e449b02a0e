/**
 * Runs: streams with an end. For the tokens of a language model, for jobs and agents that report progress.
 *
 * ```ts
 * import { ServerSentEvents } from "edge-sse";
 * import { redis } from "edge-sse/redis";
 * import { Runs } from "edge-sse/runs";
 *
 * const sse = new ServerSentEvents({ connector: redis(process.env.REDIS_URL, { history: {} }) });
 * const runs = new Runs(sse);
 * ```
 *
 * @module
 */
export type { RunEndState, RunState } from "./core/run-store.ts";
export { RunError, type RunErrorCode } from "./runs/errors.ts";
export type { RunFormat } from "./runs/format.ts";
export type { BatchOptions, RunLimits, RunsOptions } from "./runs/options.ts";
export type { RunSource } from "./runs/producer.ts";
export type { RunEnd } from "./runs/reader.ts";
export type { RunStreamOptions } from "./runs/requests.ts";
export {
	type RunChunk,
	type RunSnapshot,
	type RunStatus,
	Runs,
	type RunsBase,
	type Started,
} from "./runs/runs.ts";
export type { StepOptions } from "./runs/steps.ts";
