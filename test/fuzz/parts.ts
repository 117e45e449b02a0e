import fc from "fast-check";
import {
	commentFrame,
	cursorFrame,
	gapFrame,
	pingFrame,
	retryFrame,
} from "../../src/core/message/frame.ts";
import { Message, type MessageOptions } from "../../src/core/message/message.ts";
import { idText, jsonData, text, typeText } from "./text.ts";

/** One piece of a stream, and what every reader must make of it. Written without the library's help. */
export interface Part {
	bytes: Uint8Array;
	/** The event, if it is one, as `addEventListener` hears it. */
	event?: { type: string; data: string };
	/** The last event ID that it sets. */
	id?: string;
	/** The reconnection time that it sets, in ms. */
	retry?: number;
	/** The number of comments in it. */
	comments?: number;
	/** A description for a failure's message. */
	what: string;
}

export const validOptions: fc.Arbitrary<MessageOptions> = fc.record(
	{
		type: fc.option(typeText),
		id: fc.option(fc.oneof(idText, fc.maxSafeInteger())),
		retry: fc.option(fc.oneof(fc.constantFrom(0, 86_400_000), fc.nat({ max: 86_400_000 }))),
	},
	{ requiredKeys: [] },
);

export const messageParts: fc.Arbitrary<[data: unknown, options: MessageOptions]> = fc.tuple(
	fc.oneof({ weight: 3, arbitrary: text }, { weight: 1, arbitrary: jsonData }),
	validOptions,
);

/** The text as it arrives: UTF-8 has no lone surrogates, and a parser makes each line end an LF. */
export function arrives(value: string): string {
	return value.toWellFormed().replaceAll(/\r\n|\r/g, "\n");
}

export function messagePart(data: unknown, options: MessageOptions): Part {
	return {
		bytes: bytesOf(new Message(data, options).toString()),
		event: {
			type: (options.type || "message").toWellFormed(),
			data: arrives(typeof data === "string" ? data : JSON.stringify(data)),
		},
		...(options.id == null ? {} : { id: String(options.id).toWellFormed() }),
		...(options.retry == null ? {} : { retry: options.retry }),
		what: `new Message(${JSON.stringify(data)}, ${JSON.stringify(options)})`,
	};
}

const position = fc
	.tuple(fc.nat({ max: 10 ** 15 - 1 }), fc.nat())
	.map(([ms, sequence]) => `${ms}-${sequence}`);

/** What the library sends besides messages. */
const ownParts: fc.Arbitrary<Part> = fc.oneof(
	fc.constant({ bytes: bytesOf(commentFrame), comments: 1, what: "a comment" }),
	fc.constant({
		bytes: bytesOf(pingFrame(8_000)),
		event: { type: "sse.ping", data: "8000" },
		what: "a ping",
	}),
	fc.nat().map((retry) => ({ bytes: bytesOf(retryFrame(retry)), retry, what: `retry ${retry}` })),
	position.map((id) => ({ bytes: bytesOf(cursorFrame(id)), id, what: `cursor ${id}` })),
	fc.tuple(text, fc.option(position, { nil: undefined })).map(([channel, lastEventId]) => ({
		bytes: bytesOf(gapFrame(channel, lastEventId)),
		event: { type: "sse.gap", data: JSON.stringify({ channel, lastEventId }) },
		what: `a gap of ${JSON.stringify(channel)}`,
	})),
);

export const part: fc.Arbitrary<Part> = fc.oneof(
	{ weight: 9, arbitrary: messageParts.map(([data, options]) => messagePart(data, options)) },
	{ weight: 1, arbitrary: ownParts },
);

/** What a listener hears of a stream of these parts. */
export interface Heard {
	type: string;
	data: string;
	lastEventId: string;
}

export function expectedOf(parts: readonly Part[]): Heard[] {
	let lastEventId = "";
	return parts.flatMap(({ event, id }) => {
		lastEventId = id ?? lastEventId;
		return event === undefined ? [] : { ...event, lastEventId };
	});
}

export function concatenated(chunks: readonly Uint8Array[]): Uint8Array {
	const whole = new Uint8Array(chunks.reduce((length, chunk) => length + chunk.length, 0));
	let at = 0;
	for (const chunk of chunks) {
		whole.set(chunk, at);
		at += chunk.length;
	}
	return whole;
}

/** Cuts at these places, each a fraction of the whole: within a line, a CRLF or a character. */
export function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
	const ends = places.map((place) => Math.floor(place * bytes.length)).sort((a, b) => a - b);
	return [0, ...ends].map((start, index) => bytes.subarray(start, ends[index]));
}

function bytesOf(frame: string): Uint8Array {
	return new TextEncoder().encode(frame);
}
