import type { PublishOutcome, PublishResult, SendOptions } from "./connector.ts";
import { type Advice, checkNames } from "./known-names.ts";
import { encode } from "./message/envelope.ts";
import { isReserved } from "./message/fields.ts";
import { JsonText } from "./message/json-text.ts";
import { Message, type MessageOptions } from "./message/message.ts";
import type { EventMap } from "./message/schema.ts";
import { exceeds } from "./message/text.ts";

/** Channels that `publish` goes to: one, or a list. */
export type PublishChannel = string | readonly string[];

export interface PublishOptions<Channel extends PublishChannel = string>
	extends MessageOptions,
		SendOptions {
	/**
	 * One channel, or a list of at most 1,000. Each of a list gets the message, and an outcome of its own.
	 *
	 * @defaultValue `"sse"`
	 */
	channel?: Channel | undefined;
	/**
	 * With history, `false`: for those who listen now only. The message gets no id and is not stored; a client that was
	 * away never sees it. For typing, cursors, progress.
	 *
	 * @defaultValue `true`
	 */
	keep?: boolean | undefined;
	/**
	 * With history: what this message is to be known by in its channel, at most 256 bytes. Within 5 minutes a second
	 * one of the same key is not sent; `publish` resolves to the id of the first. So a publish that failed, or that
	 * nobody knows the outcome of, can be tried again.
	 */
	key?: string | undefined;
}

/** What `publish` takes after the data: the type may be left out only where it is `message`. */
export type PublishArguments<
	Events extends object,
	Type extends keyof Events & string,
	Channel extends PublishChannel = string,
> = string extends keyof Events
	? [options?: PublishOptions<Channel>]
	: [Type] extends ["message"]
		? [options?: PublishOptions<Channel> & { type?: "message" | undefined }]
		: [options: PublishOptions<Channel> & { type: Type }];

/** What `publish` resolves to: of a list of channels, an outcome for each. */
export type Published<Channel extends PublishChannel> = Channel extends string
	? PublishResult
	: PublishOutcome[];

/** One of the messages of `publishAll`: the data, and what `publish` takes besides. */
export type PublishMessage<Events extends object = EventMap> = string extends keyof Events
	? { data: unknown } & PublishOptions
	: {
			[Type in keyof Events & string]: { data: Events[Type] } & Omit<PublishOptions, "type"> &
				(Type extends "message" ? { type?: "message" | undefined } : { type: Type });
		}[keyof Events & string];

/** Messages in one call. */
export const mostMessages = 1_000;

/** All payloads of one call of several messages together, in bytes. */
export const mostBytes = 1_048_576;

/** Of a key, in bytes. */
const longestKey = 256;

/** The options that a publish is held to. */
export interface PublishChecks {
	/** Holds data to the schema of its type, where there are schemas; gives the data back, or a promise of it. */
	validate?: ((type: string | undefined, data: unknown) => unknown) | undefined;
	stringify?: ((data: unknown) => string) | undefined;
	limits: { messageBytes: number };
}

/** A message that keeps every rule, ready to be sent. */
export interface Outgoing extends SendOptions {
	message: Message;
	payload: string;
}

/** As an `EventSource` and other libraries call them. */
const advice: Advice = [
	["Did you mean type?", "event name"],
	["Did you mean id?", "lastEventId"],
];

/**
 * Makes a message of what is to be published, and holds it to every rule. A `JsonText` is published
 * as it stands.
 *
 * @throws {TypeError} that names the field and its rule.
 * @throws {ValidationError} when the data does not fit the schema of its type.
 */
export function outgoing(
	data: unknown,
	options: PublishOptions<PublishChannel>,
	checks: PublishChecks,
): Outgoing | Promise<Outgoing> {
	// A message is taken for the options of another one: `publish(message.data, message)`.
	checkNames("Cannot publish. ", options, ["channel type id retry keep key data"], advice);
	// First, so that a schema is asked about an event that can be sent.
	const { type, id, retry } = new Message(undefined, options);
	if (isReserved(type)) {
		throw new TypeError(
			"Cannot publish. type: names that begin with `sse.`, or can be taken for one, are edge-sse's own.",
		);
	}
	const sending = checkedSending(options);
	const given = asGiven(data, type, checks);
	const made = (each: unknown) => ({ ...encoded(each, { type, id, retry }, checks), ...sending });
	return given instanceof Promise ? given.then(made) : made(given);
}

function encoded(given: unknown, options: MessageOptions, { limits }: PublishChecks) {
	const message = new Message(given instanceof JsonText ? given.value : given, options);
	const payload = given instanceof JsonText ? encode(message, given.text) : encode(message);
	if (exceeds(payload, limits.messageBytes)) {
		throw new TypeError(
			`Cannot publish. data: a message has at most ${limits.messageBytes} bytes.`,
		);
	}
	return { message, payload };
}

/** @throws {TypeError} that names the field and its rule. */
function checkedSending({ keep, key }: SendOptions): SendOptions {
	if (keep !== undefined && typeof keep !== "boolean") {
		throw new TypeError("Cannot publish. keep: must be true or false.");
	}
	if (key === undefined) return keep === false ? { keep } : {};
	if (typeof key !== "string" || key === "" || !key.isWellFormed() || exceeds(key, longestKey)) {
		throw new TypeError(
			`Cannot publish. key: must be well-formed text of 1 to ${longestKey} bytes, such as an order's number.`,
		);
	}
	if (keep !== false) return { key };
	throw new TypeError(
		"Cannot publish. key: needs the history, and keep: false stays out of it; leave one of them out.",
	);
}

/**
 * The data as it is to be sent: a `JsonText` where the publisher or `stringify` gave the JSON, which
 * then goes out as it stands. A schema gives its own data back, so with one nothing is as it stood.
 */
function asGiven(
	data: unknown,
	type: string | undefined,
	{ validate, stringify }: PublishChecks,
): unknown | Promise<unknown> {
	const isText = data instanceof JsonText;
	if (isText && validate === undefined) return data;
	const text = (valid: unknown) =>
		stringify === undefined ? valid : new JsonText(stringify(valid), "Cannot publish. stringify");
	if (validate === undefined) return text(data);
	const valid = validate(type, isText ? data.value : data);
	return valid instanceof Promise ? valid.then(text) : text(valid);
}
