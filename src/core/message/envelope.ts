import { SseError } from "../errors.ts";
import { isReserved, longest } from "./fields.ts";
import { frame } from "./frame.ts";
import { memberText } from "./json-text.ts";
import { dataJson, dataText, Message, type MessageOptions } from "./message.ts";
import { isPosition } from "./position.ts";

/**
 * Message ⇄ the JSON that flask-sse puts into Redis: `{"data": …, "type"?, "id"?, "retry"?}`.
 */

/**
 * The payload that is published.
 *
 * @param json the text of the data, where the publisher gave it as JSON of its own.
 * @throws {TypeError} when the message's data is nothing that JSON can carry.
 */
export function encode(message: Message, json = dataJson(message.data)): string {
	const { data, ...fields } = message.toJSON();
	const rest = JSON.stringify(fields);
	return rest === "{}" ? `{"data":${json}}` : `{"data":${json},${rest.slice(1)}`;
}

const fieldNames = new Set(["data", "type", "id", "retry"]);

/**
 * Reads a payload from the channel.
 *
 * @param history whether ids are positions: then one that the store did not give is left out, whatever it
 *   is, for it would move a client's cursor to nowhere.
 * @throws {SseError} `bad_message`; it says what is wrong and quotes nothing of the payload.
 */
export function decode(payload: string, history = false): Decoded {
	return new Decoded(payload, history);
}

/**
 * A payload, read.
 *
 * The keys are held to flask-sse's own, to the letter: a browser chooses the channel's name, so
 * whatever else lives in that Redis must not reach it because it happens to be a JSON object.
 */
export class Decoded {
	readonly message: Message;
	/** Where the history keeps it; undefined when its publisher did not store it, or there is none. */
	readonly storedAt: string | undefined;
	/** Of the payload, in UTF-16 code units. */
	readonly size: number;
	readonly #text: string;
	#frame: string | undefined;

	constructor(payload: string, history: boolean) {
		const json = parse(payload);
		this.storedAt = history ? storedAt(payload) : undefined;
		this.message = messageOf({ ...json, id: history ? this.storedAt : json.id });
		this.size = payload.length;
		this.#text = sourceText(payload, json.data);
	}

	/** The frame as it was published, made once however many lists of channels it goes to. */
	get frame(): string {
		this.#frame ??= this.framedAs(this.message.id);
		return this.#frame;
	}

	/** The frame with an id of the caller's. */
	framedAs(id: string | undefined): string {
		const { type, retry } = this.message;
		return frame({ data: this.#text, type, id, retry });
	}
}

// The store writes the id first, and nobody else does: flask-sse and `encode` begin with the data. One that
// the publisher put into the payload comes later, and is none here.
function storedAt(payload: string): string | undefined {
	const [, id] = /^\{"id":"([\d-]{1,31})",/.exec(payload) ?? [];
	return id !== undefined && isPosition(id) ? id : undefined;
}

function parse(payload: string): Foreign {
	let json: unknown;
	try {
		json = JSON.parse(payload);
	} catch (cause) {
		throw new SseError("bad_message", "Dropped a payload that is not JSON.", {
			// V8 quotes the text in its SyntaxError; another application's text must not reach a log.
			cause: new SyntaxError(`not JSON (${(cause as Error).name})`),
		});
	}
	if (!isEnvelope(json)) {
		throw new SseError(
			"bad_message",
			'Dropped a payload that is not a message: an object with "data" and at most "type", "id" and "retry".',
		);
	}
	return json;
}

/** An envelope whose fields nobody has looked at yet. */
type Foreign = { data: unknown } & MessageOptions;

function messageOf({ data, type, id, retry }: Foreign): Message {
	// The content is worth more than a wish about reconnecting: of a message that asks for more than a day, all
	// the rest is delivered.
	const isTooLong = Number.isSafeInteger(retry) && Number(retry) > longest("retry");
	let message: Message;
	try {
		message = new Message(data, { type, id, retry: isTooLong ? undefined : retry });
	} catch (cause) {
		throw new SseError("bad_message", `Dropped a message. ${(cause as Error).message}`, { cause });
	}
	if (isReserved(message.type)) {
		throw new SseError("bad_message", "Dropped a message of a type that begins with `sse.`.");
	}
	return message;
}

function isEnvelope(json: unknown): json is Foreign {
	return (
		typeof json === "object" &&
		json !== null &&
		Object.hasOwn(json, "data") &&
		Object.keys(json).every((key) => fieldNames.has(key))
	);
}

/**
 * The data as it goes into the frame. Numbers, arrays and objects keep the publisher's own text:
 * Python writes integers past 2^53 and `1.0`, and reading them into JavaScript's numbers and
 * writing them out again would change them on the way. It also saves the second JSON pass.
 */
function sourceText(payload: string, data: unknown): string {
	return typeof data === "string" ? data : (memberText(payload, "data") ?? dataText(data));
}
