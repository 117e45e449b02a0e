import type { KeptMessage } from "../../core/connector.ts";

/** One entry of a channel's stream, as XRANGE answers it. */
export type Entry = readonly [id: string, fields: readonly string[]];

/** Whether the stream began here. The entry is no message. */
export function isBirth([, fields]: Entry): boolean {
	return fields[0] === "birth";
}

/** The payload as subscribers receive it, with the id. */
export function kept([key, [field, payload]]: Entry): KeptMessage {
	const id = String(key);
	// The entry where the stream began, or was emptied, is no message.
	if (field !== "m" || payload === undefined) return { id, payload: undefined };
	return { id, payload: `{"id":"${id}",${payload.slice(1)}` };
}
