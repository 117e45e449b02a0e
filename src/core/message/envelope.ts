import { SseError } from "../errors.ts";
import { isReserved, longest } from "./fields.ts";
import { frame } from "./frame.ts";
import { dataText } from "./json-data.ts";
import { memberText } from "./json-text.ts";
import { Message, type MessageOptions } from "./message.ts";
import { isPosition } from "./position.ts";

const fieldNames = new Set(["data", "type", "id", "retry"]);

/**
 * Reads a payload from the channel: what `encode` writes, or flask-sse.
 *
 * @param history whether ids are positions. If so, an id that the store did not give is left
 *   out: it would move a client's cursor to a place that does not exist.
 * @throws {SseError} `bad_message`. It says what is wrong and quotes nothing of the payload.
 */
export function decode(payload: string, history = false): Decoded {
	return new Decoded(payload, history);
}

/**
 * A payload, read.
 *
 * Only flask-sse's own keys are accepted. A browser chooses the channel's name, and other JSON
 * objects in that Redis must not reach it.
 */
export class Decoded {
	readonly message: Message;
	/** Its position in the history. Undefined when it was not stored. */
	readonly storedAt: string | undefined;
	/** The payload's length, in UTF-16 code units. */
	readonly size: number;
	readonly #payload: string;
	readonly #text: string;
	#frame: string | undefined;
	#json: string | undefined;

	constructor(payload: string, history: boolean) {
		const json = parse(payload);
		this.storedAt = history ? storedAt(payload) : undefined;
		this.message = messageOf({ ...json, id: history ? this.storedAt : json.id });
		this.size = payload.length;
		this.#payload = payload;
		this.#text = sourceText(payload, json.data);
	}

	/** The frame as it was published. It is made once, however many feeds send it. */
	get frame(): string {
		this.#frame ??= this.framedAs(this.message.id);
		return this.#frame;
	}

	/** What its event's data is, before line ends are made alike. */
	get text(): string {
		return this.#text;
	}

	/** The frame with another id. */
	framedAs(id: string | undefined): string {
		const { type, retry } = this.message;
		return frame({ data: this.#text, type, id, retry });
	}

	/** The frame for a client of several channels that wants to know which one: `?envelope=1`. */
	envelopedAs(id: string | undefined, channel: string): string {
		const { type, retry } = this.message;
		const data = `{"channel":${JSON.stringify(channel)},"data":${this.json}}`;
		return frame({ data, type, id, retry });
	}

	/** The data as its publisher wrote it: the text of one JSON value. */
	get json(): string {
		this.#json ??= memberText(this.#payload, "data") ?? "null";
		return this.#json;
	}
}

// Only the store writes the id first: flask-sse and `encode` begin with the data. An id that the
// publisher wrote comes later, and is no position.
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
			// V8's SyntaxError quotes the text. Another application's text must not reach a log.
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

/** An envelope with unchecked fields. */
type Foreign = { data: unknown } & MessageOptions;

function messageOf({ data, type, id, retry }: Foreign): Message {
	// A message that asks for more than a day loses only its `retry`: its content matters more.
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
 * The data for the frame. Numbers, arrays and objects keep the publisher's own text: Python
 * writes integers above 2^53 and `1.0`, which JavaScript's numbers would change. It also saves
 * the second JSON pass.
 */
function sourceText(payload: string, data: unknown): string {
	return typeof data === "string" ? data : (memberText(payload, "data") ?? dataText(data));
}
