import { SseError } from "../core/errors.ts";

/** What is wrong with a run, as a closed set. */
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
