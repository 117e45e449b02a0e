import { memberText } from "../core/message/json-text.ts";
import { envelopeQuery } from "../core/request/request.ts";
import type { TailEvent } from "./follow.ts";

/** An event of a stream of several channels. */
export interface ChannelEvent extends TailEvent {
	/** Undefined: one channel is read, or the server does not say which it is. */
	channel?: string;
}

/** Asks the hub to send the channel with each event. */
export function askForChannels(url: URL): void {
	if (url.searchParams.getAll("channel").length > 1) url.searchParams.set(...envelopeQuery);
}

/**
 * Reads the channel from an event's data, and restores the data as it was published. A server without envelopes sends
 * the data alone.
 */
export function withChannel(event: TailEvent, channels: readonly string[]): ChannelEvent {
	if (channels.length < 2 || event.type.startsWith("sse.")) return event;
	const { data } = event;
	try {
		const { channel } = Object(JSON.parse(data)) as { channel?: unknown };
		const inner = memberText(data, "data");
		if (typeof channel !== "string" || !channels.includes(channel) || inner === undefined) {
			return event;
		}
		const value: unknown = JSON.parse(inner);
		return { ...event, channel, data: typeof value === "string" ? value : inner };
	} catch {
		return event; // no JSON, so no envelope
	}
}
