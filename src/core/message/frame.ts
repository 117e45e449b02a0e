/**
 * The text/event-stream wire format, and the only place that writes it.
 * https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
 */

/** The fields of one event; `data` is text already. */
export interface FrameFields {
	data: string;
	type?: string | undefined;
	id?: string | undefined;
	retry?: number | undefined;
}

// CRLF, CR and LF end a line for the parser, and nothing else does: Python's splitlines also splits
// at U+2028, U+0085 and others, and so hands the browser a text that was never published.
const lineEnd = /\r\n|\r|\n/;

/** One frame: `event`, `data`…, `id`, `retry`, and the blank line that dispatches it. */
export function frame({ data, type, id, retry }: FrameFields): string {
	let text = type === undefined ? "" : field("event", type);
	if (data.includes("\n") || data.includes("\r")) {
		for (const line of data.split(lineEnd)) text += field("data", line);
	} else {
		text += field("data", data);
	}
	if (id !== undefined) text += field("id", id);
	if (retry !== undefined) text += `retry:${retry}\n`;
	return `${text}\n`;
}

// The parser drops one space after the colon, so a value that begins with one is given another.
function field(name: string, value: string): string {
	return value.startsWith(" ") ? `${name}: ${value}\n` : `${name}:${value}\n`;
}

/** A comment: it reaches the socket and no listener. Opens a stream, and keeps a silent one alive. */
export const commentFrame = ":\n\n";

/**
 * Keeps a stream alive where a page can hear it, for no comment ever reaches a listener.
 *
 * @param interval when to expect the next one, in ms.
 */
export function pingFrame(interval: number): string {
	return frame({ type: "sse.ping", data: String(interval) });
}

/** Tells the browser how long to wait, in ms, before it reconnects; dispatches no event. */
export function retryFrame(ms: number): string {
	return `retry:${ms}\n\n`;
}

/**
 * The same where a page can hear it, for scripts cannot read `retry:`.
 *
 * @param ms how long to wait before the next connection.
 */
export function retryEventFrame(ms: number): string {
	return frame({ type: "sse.retry", data: String(ms) });
}

/**
 * Sets the client's last event ID without an event: the standard takes the id before it finds that there
 * is no data to dispatch.
 */
export function cursorFrame(cursor: string): string {
	return `id:${cursor}\n\n`;
}

/**
 * Says that messages of a channel may be missing here. It has no id of its own: until something newer
 * has come, the client's cursor stays the one that could not be served.
 */
export function gapFrame(channel: string, lastEventId: string | undefined): string {
	return frame({ type: "sse.gap", data: JSON.stringify({ channel, lastEventId }) });
}

/** A reconnection time in ms, spread so that a crowd that leaves at once does not return at once. */
export function jitteredRetry(): number {
	return 2_000 + Math.floor(Math.random() * 4_000);
}
