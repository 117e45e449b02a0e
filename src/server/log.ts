import { codeOf } from "../core/error-handler.ts";
import { type ErrorHandler, SseError } from "../core/errors.ts";
import { LogRate } from "../core/log-rate.ts";
import type { ServerSentEventsOptions } from "../core/options.ts";

/** The number of this process, where the hub has several. */
let own: { process?: number } = {};

/** From now on each line says which process wrote it. */
export function logAs(process: number): void {
	own = { process };
}

/** One line of JSON per event, for log collectors. */
function write(level: "info" | "error", event: string, fields: object): void {
	const time = new Date().toISOString();
	const line = JSON.stringify({ time, level, event, ...own, ...fields });
	if (level === "error") console.error(line);
	else console.log(line);
}

/**
 * Each event and code is logged at most five times a second, because any number of requests may cause errors.
 */
const rate = new LogRate<{ event: string; code: string }>(({ event, code }, leftOut) =>
	write("error", event, { code, leftOut, message: `${leftOut} more of these were left out.` }),
);

/**
 * Logs an error of the library. Expected errors are logged with their message, others also with their stack.
 */
export const logError: ErrorHandler = (error, { stage, channel }) =>
	writeError(stage, error, { channel });

/** Logs an error of the hub's own routes. */
export function logFailure(event: string, error: unknown): void {
	writeError(event, error, {});
}

function writeError(event: string, error: unknown, fields: object): void {
	const code = codeOf(error);
	if (!rate.admits(`${event} ${code}`, { event, code })) return;
	write("error", event, { ...fields, ...described(error) });
}

/** Logs what happened to a process of the hub. */
export function logProcess(level: "info" | "error", fields: object): void {
	write(level, "process", fields);
}

/** Hooks that log clients as they connect and leave. */
export const connectionLog: Pick<ServerSentEventsOptions, "onConnect" | "onDisconnect"> = {
	onConnect: ({ channels }) => write("info", "connect", { channels }),
	onDisconnect: ({ channels }, end) => write("info", "disconnect", { channels, ...end }),
};

function described(error: unknown): object {
	if (error instanceof SseError) {
		const { cause } = error;
		const because = cause instanceof Error ? { cause: cause.message } : {};
		return { code: error.code, message: error.message, ...because };
	}
	if (error instanceof Error) return { message: error.message, stack: error.stack };
	return { message: String(error) };
}
