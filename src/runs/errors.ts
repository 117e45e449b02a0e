import { SseError } from "../core/errors.ts";

/** What is wrong with a run, as a closed set. */
export type RunErrorCode =
	| "superseded"
	| "unknown_run"
	| "run_limit"
	| "run_timeout"
	| "run_cancelled"
	| "gap";

/** A run cannot go on, or is not there. */
export class RunError extends SseError {
	override readonly name = "RunError";
	declare readonly code: RunErrorCode;

	constructor(code: RunErrorCode, message: string, options?: { cause?: unknown }) {
		super(code, message, options);
	}
}
