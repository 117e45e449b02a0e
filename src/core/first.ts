import { ConnectorError, type ErrorHandler } from "./errors.ts";
import type { Message } from "./message/message.ts";
import { areMessages, type FirstEvents, type StreamOptions } from "./stream-options.ts";

/**
 * Makes the first events of a client.
 *
 * @returns undefined when it gets none.
 */
export function firstMessages(
	first: StreamOptions["first"],
	lastEventId: string | undefined,
	report: ErrorHandler,
): (() => Promise<readonly Message[]>) | undefined {
	if (first === undefined) return undefined;
	if (typeof first === "function") return () => madeBy(first, lastEventId, report);
	return lastEventId === undefined ? () => Promise.resolve(first) : undefined;
}

/** @throws {ConnectorError} so that the client comes back: the function may fail for a moment only. */
async function madeBy(
	first: FirstEvents,
	lastEventId: string | undefined,
	report: ErrorHandler,
): Promise<readonly Message[]> {
	try {
		const messages = await first({ lastEventId });
		if (areMessages(messages)) return messages;
		throw new TypeError("first: the function must return a list of messages.");
	} catch (cause) {
		report(cause, { stage: "hook" });
		throw new ConnectorError("unavailable", "The first events could not be made.", { cause });
	}
}
