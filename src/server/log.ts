import { type ErrorHandler, SseError } from "../core/errors.ts";
import type { ServerSentEventsOptions } from "../core/options.ts";

/** One line of JSON for each thing that happened, as log collectors read it. */
function write(level: "info" | "error", event: string, fields: object): void {
	const line = JSON.stringify({ time: new Date().toISOString(), level, event, ...fields });
	if (level === "error") console.error(line);
	else console.log(line);
}

/** The library's errors. What is nobody's mistake has a message; anything else has its stack as well. */
export const logError: ErrorHandler = (error, { stage, channel }) =>
	write("error", stage, { channel, ...described(error) });

/** An error of the hub's own routes. */
export function logFailure(event: string, error: unknown): void {
	write("error", event, described(error));
}

/** Hooks that log who comes and goes. */
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
