import { createParser } from "eventsource-parser";

/** How a channel is asked for, and how its replies begin. */
export interface SubscribeRequest {
	readonly path: string;
	/** What the reply that confirms the subscription begins with. */
	readonly confirmed: string;
	/** What stands before each payload. The rest is payload, commas and all. */
	readonly message: string;
	/** The channel's name has a line break, and with it every reply has several lines. */
	readonly multiline: boolean;
}

/**
 * The channel is data: percent-encoded, it is one segment of the path, whatever it holds.
 *
 * `.` and `..` are the exception. Every URL parser takes them for steps in the path, `%2e` spelled out
 * or not, so that no path can name them. A pattern that matches that one name and no other can.
 */
export function requestFor(channel: string): SubscribeRequest {
	// The parser gives every line break back as \n, be it one in the channel's name.
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
 * Upstash documents the lines and not what is between them. With a blank line after each event, an event is
 * what the standard says, and a payload with a line break is one event of several lines. Without blank
 * lines a standard parser would wait for ever, and each line is an event. Which of the two it is shows
 * once, in what follows the confirmation; until then, and in the second case, every line end is doubled
 * before the parser sees it, which ends the event.
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
	/** The text so far ends in \r, and a \n that comes next belongs to it. */
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

	/** Takes the next chunk, wherever it was cut; calls back within the call. */
	feed(bytes: Uint8Array): void {
		let text = this.#decoder.decode(bytes, { stream: true });
		while (this.#eventPerLine === undefined && text !== "") text = this.#learn(text);
		if (text === "") return;
		this.#parser.feed(this.#eventPerLine ? text.replace(lineEnds, "$&$&") : text);
	}

	/** Feeds one line, or finds out that it need not; returns what is left. */
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
