import { createParser } from "eventsource-parser";

/** How a channel is requested, and how its replies begin. */
export interface SubscribeRequest {
	readonly path: string;
	/** The beginning of the reply that confirms the subscription. */
	readonly confirmed: string;
	/** The text before each payload. All the rest is payload, commas included. */
	readonly message: string;
	/** The channel's name has a line break, so every reply has several lines. */
	readonly multiline: boolean;
}

/**
 * The channel is data: percent-encoded, any name is one segment of the path.
 *
 * `.` and `..` are the exception. Every URL parser takes them for steps in the path, also as
 * `%2e`, so no path can name them. A pattern that matches only that name can.
 */
export function requestFor(channel: string): SubscribeRequest {
	// The parser returns every line break as \n, also one in the channel's name.
	const name = channel.replace(/\r\n?/g, "\n");
	const multiline = name.includes("\n");
	if (channel !== "." && channel !== "..") {
		return {
			path: `/subscribe/${encodeURIComponent(channel)}`,
			confirmed: `subscribe,${name},`,
			message: `message,${name},`,
			multiline,
		};
	}
	const pattern = channel.replaceAll(".", "[.]");
	return {
		path: `/psubscribe/${encodeURIComponent(pattern)}`,
		confirmed: `psubscribe,${pattern},`,
		message: `pmessage,${pattern},${channel},`,
		multiline,
	};
}

const lineEnd = /\r\n|\r|\n/;
const lineEnds = /* @__PURE__ */ new RegExp(lineEnd, "g");

/**
 * Reads the bytes of one subscribe request.
 *
 * Upstash documents the lines, but not what separates them. With a blank line after each event,
 * an event follows the standard, and a payload with a line break is one event of several lines.
 * Without blank lines a standard parser would wait for ever, and each line is an event. What
 * follows the confirmation shows which it is. Until then, and in the second case, every line
 * end is doubled before the parser sees it, which ends the event.
 *
 * @see https://upstash.com/docs/redis/features/restapi
 */
export class ReplyReader {
	readonly #request: SubscribeRequest;
	readonly #onConfirmed: () => void;
	readonly #onPayload: (payload: string) => void;
	readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
	readonly #parser = createParser({ onEvent: (event) => this.#onReply(event.data) });
	#confirmed = false;
	#eventPerLine: boolean | undefined;
	/** The text so far ends in \r. A \n that comes next belongs to it. */
	#afterCr = false;

	constructor(
		request: SubscribeRequest,
		onConfirmed: () => void,
		onPayload: (payload: string) => void,
	) {
		this.#request = request;
		this.#onConfirmed = onConfirmed;
		this.#onPayload = onPayload;
		if (request.multiline) this.#eventPerLine = false;
	}

	/** Takes the next chunk, which may be cut anywhere. Calls back within the call. */
	feed(bytes: Uint8Array): void {
		let text = this.#decoder.decode(bytes, { stream: true });
		while (this.#eventPerLine === undefined && text !== "") text = this.#learn(text);
		if (text === "") return;
		this.#parser.feed(this.#eventPerLine ? text.replace(lineEnds, "$&$&") : text);
	}

	/** Feeds one line, or finds out that it need not. Returns the rest. */
	#learn(text: string): string {
		if (this.#afterCr) {
			this.#afterCr = false;
			if (text.startsWith("\n")) return text.slice(1);
		}
		const end = lineEnd.exec(text);
		if (this.#confirmed) {
			this.#eventPerLine = end?.index !== 0;
			return text;
		}
		if (end === null) {
			this.#parser.feed(text);
			return "";
		}
		const next = end.index + end[0].length;
		this.#afterCr = end[0] === "\r";
		this.#parser.feed(text.slice(0, next) + end[0]);
		return text.slice(next);
	}

	#onReply(reply: string): void {
		if (this.#confirmed && reply.startsWith(this.#request.message)) {
			this.#onPayload(reply.slice(this.#request.message.length));
		} else if (!this.#confirmed && reply.startsWith(this.#request.confirmed)) {
			this.#confirmed = true;
			this.#onConfirmed();
		}
	}
}
