/**
 * The text/event-stream wire format. Only this file writes it.
 * https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
 */

/** The fields of one event. `data` is already text. */
export interface FrameFields {
	data: string;
	type?: string | undefined;
	id?: string | undefined;
	retry?: number | undefined;
}

// The parser ends a line only at CRLF, CR and LF. Python's splitlines also splits at U+2028,
// U+0085 and others, and so hands the browser a text that was never published.
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

// The parser drops one space after the colon, so a value that begins with a space gets another.
function field(name: string, value: string): string {
	return value.startsWith(" ") ? `${name}: ${value}\n` : `${name}:${value}\n`;
}

/**
 * A comment: it reaches the socket and no listener. It opens a stream, and keeps a silent one
 * alive.
 */
export const commentFrame = ":\n\n";

/**
 * Keeps a stream alive where a page can notice it: a comment never reaches a listener.
 *
 * @param interval the time to the next one, in ms.
 */
export function pingFrame(interval: number): string {
	return frame({ type: "sse.ping", data: String(interval) });
}

/** Tells the browser how long to wait before it reconnects, in ms. It dispatches no event. */
export function retryFrame(ms: number): string {
	return `retry:${ms}\n\n`;
}

/**
 * Tells a page how long to wait before it reconnects: scripts cannot read `retry:`.
 *
 * @param ms the wait before the next connection.
 */
export function retryEventFrame(ms: number): string {
	return frame({ type: "sse.retry", data: String(ms) });
}

/** Tells a page why its stream ends, and whether it is to come back. */
export function disconnectFrame(reason: string, final: boolean): string {
	return frame({ type: "sse.disconnect", data: JSON.stringify({ reason, final }) });
}

/**
 * Sets the client's last event ID without an event, or with a ping. By the standard, the parser
 * takes the id before it finds no data to dispatch. Firefox and WebKit take it only with data.
 */
export function cursorFrame(cursor: string, ping: string = ""): string {
	return `${ping.slice(0, -1)}id:${cursor}\n\n`;
}

/**
 * Says that messages of a channel may be missing here. It has no id: the client keeps its old
 * cursor until a newer message comes.
 */
export function gapFrame(channel: string, lastEventId: string | undefined): string {
	return frame({ type: "sse.gap", data: JSON.stringify({ channel, lastEventId }) });
}

/**
 * A reconnection time in ms. It is random, so that clients that leave together do not return
 * together.
 */
export function jitteredRetry(): number {
	return 2_000 + Math.floor(Math.random() * 4_000);
}
