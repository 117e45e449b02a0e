/**
 * Runs: streams with an end, for the tokens of a language model, and for jobs and agents that
 * report progress.
 *
 * ```ts
 * import { ServerSentEvents } from "edge-sse";
 * import { redis } from "edge-sse/redis";
 * import { Runs } from "edge-sse/runs";
 *
 * const sse = new ServerSentEvents({ connector: redis("redis://localhost:6379", { history: {} }) });
 * const runs = new Runs(sse);
 * ```
 *
 * @module
 */
export type { RunEndState, RunState } from "./core/run-store.ts";
export { aiSdkChunks, aiSdkFormat } from "./runs/ai-sdk.ts";
export { type AssistantStreamStore, assistantStreamStore } from "./runs/assistant-stream.ts";
export type { RunCancelOptions } from "./runs/cancelling.ts";
export type { RunChunks } from "./runs/chunks.ts";
export { RunError, type RunErrorCode } from "./runs/errors.ts";
export type { RunFormat } from "./runs/format.ts";
export type { BatchOptions, RunLimits, RunsOptions } from "./runs/options.ts";
export type { RunSource } from "./runs/producer.ts";
export type { RunEnd } from "./runs/reader.ts";
export type { RunStreamOptions } from "./runs/requests.ts";
export { type ResumableStreams, resumableStreams } from "./runs/resumable-stream.ts";
export { Runs } from "./runs/runs.ts";
export type { RunChunk, RunSnapshot, RunStatus, RunsBase, Started } from "./runs/status.ts";
export type { StepOptions } from "./runs/steps.ts";
export {
	type RunDurability,
	type RunDurabilityInit,
	type RunDurabilityOptions,
	tanstackDurability,
} from "./runs/tanstack.ts";
