import { codeOf } from "../core/error-handler.ts";
import { type ErrorHandler, SseError } from "../core/errors.ts";
import { LogRate } from "../core/log-rate.ts";
import type { ServerSentEventsOptions } from "../core/options.ts";

/** Which process this is, where the hub has several. */
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
 * Requests cause errors, and one may cause many. So at most five lines a second per event and
 * code.
 */
const rate = new LogRate<{ event: string; code: string }>(({ event, code }, leftOut) =>
	write("error", event, { code, leftOut, message: `${leftOut} more of these were left out.` }),
);

/**
 * The library's errors. An error that is no bug has only a message; any other has its stack as
 * well.
 */
export const logError: ErrorHandler = (error, { stage, channel }) =>
	writeError(stage, error, { channel });

/** An error of the hub's own routes. */
export function logFailure(event: string, error: unknown): void {
	writeError(event, error, {});
}

function writeError(event: string, error: unknown, fields: object): void {
	const code = codeOf(error);
	if (!rate.admits(`${event} ${code}`, { event, code })) return;
	write("error", event, { ...fields, ...described(error) });
}

/** What happened to a process of the hub. */
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
