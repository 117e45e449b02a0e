import { SseError } from "../core/errors.ts";
import type { RunAppended, RunState } from "../core/run-store.ts";

/** The kinds of errors of a run. */
export type RunErrorCode =
	| "superseded"
	| "unknown_run"
	| "run_limit"
	| "run_timeout"
	| "run_cancelled"
	| "gap";

/**
 * A run cannot go on, or does not exist.
 *
 * @example
 * ```ts
 * try {
 * 	for await (const { data } of runs.read("7")) console.log(data);
 * } catch (error) {
 * 	if (error instanceof RunError && error.code === "unknown_run") console.warn("No such run.");
 * 	else throw error;
 * }
 * ```
 */
export class RunError extends SseError {
	override readonly name = "RunError";
	/** What went wrong, for code to switch on. */
	declare readonly code: RunErrorCode;

	constructor(code: RunErrorCode, message: string, options?: { cause?: unknown }) {
		super(code, message, options);
	}
}

/** The store's reasons for refusing an append, in words. */
export function refusalOf({ refused, state }: Extract<RunAppended, { refused: string }>): RunError {
	switch (refused) {
		case "superseded": {
			const how = state === undefined || state === "running" ? "" : ` It has ended: ${state}.`;
			return new RunError("superseded", `The run is not this producer's, or not any more.${how}`);
		}
		case "lost":
			return new RunError("gap", "The broker has lost what it had taken of the run.");
		case "length":
			return new RunError("run_limit", "The run has as many messages as maxLength of Runs allows.");
		case "bytes":
			return new RunError("run_limit", "The run has as many bytes as limits.runBytes allows.");
		default:
			return new RunError("run_limit", "The run has lasted as long as maxAge of Runs allows.");
	}
}

/** What an adapter tells its readers when a run was neither finished nor cancelled. */
export function brokenOff(end: { readonly status: RunState } | undefined): RunError {
	return new RunError("gap", `The stream broke off: ${end?.status ?? "it was left"}.`);
}
