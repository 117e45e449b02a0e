import { ConnectorError, type ErrorHandler } from "./errors.ts";
import { areMessages, type FirstEvents, type StreamOptions } from "./stream-options.ts";

/**
 * Makes the first events of a client.
 *
 * @returns undefined when it gets none.
 */
export function firstFrames(
	first: StreamOptions["first"],
	lastEventId: string | undefined,
	report: ErrorHandler,
): (() => Promise<string>) | undefined {
	if (first === undefined) return undefined;
	if (typeof first === "function") return () => framesOf(first, lastEventId, report);
	if (lastEventId !== undefined) return undefined;
	const text = first.join("");
	return () => Promise.resolve(text);
}

/** @throws {ConnectorError} so that the client comes back: the function may fail for a moment only. */
async function framesOf(
	first: FirstEvents,
	lastEventId: string | undefined,
	report: ErrorHandler,
): Promise<string> {
	try {
		const messages = await first({ lastEventId });
		if (areMessages(messages)) return messages.join("");
		throw new TypeError("first: the function must return a list of messages.");
	} catch (cause) {
		report(cause, { stage: "hook" });
		throw new ConnectorError("unavailable", "The first events could not be made.", { cause });
	}
}
