import { createParser } from "eventsource-parser";
import { EventParser } from "../../src/client/more/event-parser.ts";
import type { Heard } from "./parts.ts";

/** Everything that a stream says. */
export interface Reading {
	events: Heard[];
	retries: number[];
	comments: number;
	/** Lines without a meaning, which the library never writes. */
	junk: string[];
}

export type Parser = (chunks: readonly Uint8Array[]) => Reading;

/** `eventsource-parser`, on which `eventsource` and many other clients are built. */
export const popular: Parser = (chunks) => {
	const reading: Reading = { events: [], retries: [], comments: 0, junk: [] };
	let lastEventId = "";
	const parser = createParser({
		onId: (id) => {
			lastEventId = id;
		},
		onEvent: ({ event = "message", data }) => {
			reading.events.push({ type: event, data, lastEventId });
		},
		onRetry: (retry) => reading.retries.push(retry),
		onComment: () => reading.comments++,
		onError: (error) => reading.junk.push(error.message),
	});
	// The decoder keeps the byte order mark, so that the parser itself must handle it.
	const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
	for (const chunk of chunks) parser.feed(decoder.decode(chunk, { stream: true }));
	return reading;
};

/** The parser of `edge-sse/client`, fed as it is there. */
export const own: Parser = (chunks) => {
	const reading: Reading = { events: [], retries: [], comments: 0, junk: [] };
	const parser = new EventParser({
		onEvent: (type, data, lastEventId) => reading.events.push({ type, data, lastEventId }),
		onRetry: (retry) => reading.retries.push(retry),
		onComment: () => reading.comments++,
	});
	const decoder = new TextDecoder();
	for (const chunk of chunks) parser.feed(decoder.decode(chunk, { stream: true }));
	return reading;
};

/**
 * The standard's own steps, written down one by one.
 * https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
export const standard: Parser = (chunks) => {
	const decoder = new TextDecoder();
	const stream = chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join("");
	const reading: Reading = { events: [], retries: [], comments: 0, junk: [] };
	let data = "";
	let type = "";
	let idBuffer = "";
	let lastEventId = "";
	// Text after the last line end is not a line.
	for (const line of stream.split(/\r\n|\n|\r/).slice(0, -1)) {
		if (line === "") {
			lastEventId = idBuffer;
			if (data !== "") {
				reading.events.push({ type: type || "message", data: data.slice(0, -1), lastEventId });
			}
			data = "";
			type = "";
			continue;
		}
		const colon = line.indexOf(":");
		const field = colon === -1 ? line : line.slice(0, colon);
		const value = colon === -1 ? "" : line.slice(colon + 1).replace(/^ /, "");
		if (colon === 0) reading.comments++;
		else if (field === "event") type = value;
		else if (field === "data") data += `${value}\n`;
		else if (field === "id" && !value.includes("\0")) idBuffer = value;
		else if (field === "retry" && /^[0-9]+$/.test(value)) reading.retries.push(Number(value));
		else reading.junk.push(line);
	}
	return reading;
};
