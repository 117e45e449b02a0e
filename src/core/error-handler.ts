import { type ErrorHandler, type ErrorStage, SseError } from "./errors.ts";
import { LogRate } from "./log-rate.ts";

interface Line {
	stage: ErrorStage;
	code: string;
}

const rate = /* @__PURE__ */ new LogRate<Line>(({ stage, code }, count) => {
	console.error("%s", `edge-sse (${stage}):`, `${count} more errors (${code}) were left out.`);
});

/** The default `onError`. It logs five errors a second per stage and code, then their number. */
export const logError: ErrorHandler = (error, { stage, channel }) => {
	const code = codeOf(error);
	if (!rate.admits(`${stage} ${code}`, { stage, code })) return;
	// A client chooses the channel's name. JSON keeps it from forging lines or formats.
	const where = `edge-sse (${stage}${channel === undefined ? "" : `, ${JSON.stringify(channel)}`}):`;
	// An error that is no fault of the program needs no stack.
	const routine =
		error instanceof SseError && (error.code === "bad_message" || error.code === "gap");
	console.error("%s", where, routine ? error.message : error);
};

/** An error's kind for the log: one of our codes, or `unexpected`. */
export function codeOf(error: unknown): string {
	return error instanceof SseError ? error.code : "unexpected";
}

/** At most this many channels' gaps are reported a second. */
const channelsPerSecond = 10;

/**
 * Reports clients' gaps at most once a second per channel: forging a cursor costs nothing. The
 * next report counts those left out.
 */
export function withFewGaps(report: ErrorHandler): ErrorHandler {
	const channels = new Map<string | undefined, { readonly at: number; leftOut: number }>();
	let others = 0;
	return (error, context) => {
		if (!(context.stage === "replay" && error instanceof SseError && error.code === "gap")) {
			return report(error, context);
		}
		const { channel } = context;
		const at = performance.now();
		const last = channels.get(channel);
		if (last !== undefined && at < last.at + 1_000) {
			last.leftOut++;
			return;
		}
		for (const [key, each] of channels) {
			if (channels.size < channelsPerSecond || at < each.at + 1_000) break;
			channels.delete(key);
			others += key === channel ? 0 : each.leftOut;
		}
		if (last === undefined && channels.size >= channelsPerSecond) {
			others++;
			return;
		}
		const count = others + (last?.leftOut ?? 0);
		others = 0;
		// Moves it to the end: the latest reported channel comes last.
		channels.delete(channel);
		channels.set(channel, { at, leftOut: 0 });
		const text = `${error.message} Left out since the last report: ${count}.`;
		report(count === 0 ? error : new SseError("gap", text), context);
	};
}

const failures = /* @__PURE__ */ new LogRate<undefined>((_, count) =>
	console.error(`edge-sse: onError failed ${count} more times.`),
);

/** Catches what `onError` itself throws or rejects with, and logs it. */
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
