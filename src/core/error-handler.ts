import { type ErrorHandler, type ErrorStage, SseError } from "./errors.ts";
import { LogRate } from "./log-rate.ts";

interface Line {
	stage: ErrorStage;
	code: string;
}

const rate = /* @__PURE__ */ new LogRate<Line>(({ stage, code }, count) => {
	console.error("%s", `edge-sse (${stage}):`, `${count} more errors (${code}) were left out.`);
});

/**
 * Where errors go that nobody else wants to hear of: five a second of a stage and a code, and a count of the
 * others.
 */
export const logError: ErrorHandler = (error, { stage, channel }) => {
	const code = codeOf(error);
	if (!rate.admits(`${stage} ${code}`, { stage, code })) return;
	// A client chooses the channel's name, which must not write lines or formats of its own.
	const where = `edge-sse (${stage}${channel === undefined ? "" : `, ${JSON.stringify(channel)}`}):`;
	// What is no fault of the program needs no stack.
	const routine =
		error instanceof SseError && (error.code === "bad_message" || error.code === "gap");
	console.error("%s", where, routine ? error.message : error);
};

/** What an error counts as: one of our own codes, or none of them. */
export function codeOf(error: unknown): string {
	return error instanceof SseError ? error.code : "unexpected";
}

/** Gaps a second that are reported one by one; each is counted in `stats()`. */
const mostGaps = 10;

/**
 * Reports no more gaps of clients than there is time to read. Anyone can make one up with a cursor that is
 * nobody's, one a request.
 */
export function withFewGaps(report: ErrorHandler): ErrorHandler {
	let count = 0;
	let endsAt = 0;
	return (error, context) => {
		if (context.stage === "replay" && codeOf(error) === "gap") {
			const now = Date.now();
			if (now >= endsAt) count = 0;
			if (count === 0) endsAt = now + 1_000;
			if (++count > mostGaps) return;
		}
		report(error, context);
	};
}

const failures = /* @__PURE__ */ new LogRate<undefined>((_, count) =>
	console.error(`edge-sse: onError failed ${count} more times.`),
);

/** An `onError` that fails must not break what it was told about, be it at once or later. */
export function shielded(onError: ErrorHandler): ErrorHandler {
	const failed = (error: unknown) => {
		if (failures.admits("", undefined)) console.error("edge-sse: onError failed.", error);
	};
	return (error, context) => guarded(() => onError(error, context), failed);
}

/** Calls a user's hook, which may throw at once or reject later. */
export function guarded(call: () => unknown, failed: (error: unknown) => void): void {
	try {
		void Promise.resolve(call()).catch(failed);
	} catch (error) {
		failed(error);
	}
}
