import type { Decoded } from "../message/envelope.ts";
import { dataText } from "../message/json-data.ts";
import type { Message } from "../message/message.ts";

/** The form of messages as JSON. */
export interface JsonView {
	/**
	 * Whether they are what a stream's events are: each one's data is a text, and gaps are among
	 * them. `edge-sse/client` asks for it where something in between holds its stream back.
	 */
	readonly events: boolean;
	/** As a stream's: whether an event's data is `{"channel": …, "data": …}`. */
	readonly envelope: boolean;
	/** As a stream's: whether the cursor of a single channel names it. */
	readonly named: boolean;
}

/** A message as JSON. */
export function messageJson(
	decoded: Decoded,
	channel: string,
	id: string | undefined,
	{ events, envelope }: JsonView,
): string {
	const { type } = decoded.message;
	const name = JSON.stringify(channel);
	if (!events) {
		const head = JSON.stringify({ id, type: type ?? "message" }).slice(0, -1);
		return `${head},"data":${decoded.json},"channel":${name}}`;
	}
	return eventJson(
		type,
		envelope ? `{"channel":${name},"data":${decoded.json}}` : decoded.text,
		id,
	);
}

/** A message of the route's own, which is of no channel. */
export function firstJson({ type, data, id }: Message): string {
	return eventJson(type, dataText(data), id);
}

export function gapJson(channel: string, lastEventId: string | undefined): string {
	return eventJson("sse.gap", JSON.stringify({ channel, lastEventId }), undefined);
}

/** An event as an EventSource hands it out, whose only line end is LF. */
function eventJson(type = "message", text: string, id: string | undefined): string {
	return JSON.stringify({ id, type, data: text.replace(/\r\n?/g, "\n") });
}
