import { type ErrorHandler, SseError } from "./errors.ts";

/** Where errors go that nobody else wants to hear of. */
export const logError: ErrorHandler = (error, { stage, channel }) => {
	// A client chooses the channel's name, which must not write lines or formats of its own.
	const where = `edge-sse (${stage}${channel === undefined ? "" : `, ${JSON.stringify(channel)}`}):`;
	// What is no fault of the program needs no stack.
	const routine =
		error instanceof SseError && (error.code === "bad_message" || error.code === "gap");
	console.error("%s", where, routine ? error.message : error);
};

/** An `onError` that fails must not break what it was told about, be it at once or later. */
export function shielded(onError: ErrorHandler): ErrorHandler {
	const failed = (error: unknown) => console.error("edge-sse: onError failed.", error);
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
