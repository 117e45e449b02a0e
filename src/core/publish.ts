import type { PublishOutcome, PublishResult, SendOptions } from "./connector.ts";
import { type Advice, checkNames } from "./known-names.ts";
import { checkedFields, type EventFields, type MessageOptions } from "./message/checked-fields.ts";
import { encode } from "./message/encode.ts";
import { isReserved } from "./message/fields.ts";
import { dataJson } from "./message/json-data.ts";
import type { EventMap } from "./message/schema.ts";
import { exceeds } from "./message/text.ts";

/** The channels of one publish: one, or a list. */
export type PublishChannel = string | readonly string[];

/** What `publish` takes after the data. */
export interface PublishOptions<Channel extends PublishChannel = string>
	extends MessageOptions,
		SendOptions {
	/**
	 * The channel, or a list of at most 1,000. Each channel of a list gets the message and has an
	 * outcome of its own.
	 *
	 * @defaultValue `"sse"`
	 */
	channel?: Channel | undefined;
	/**
	 * With history, `false`: only current listeners get the message. It has no id and is not
	 * stored, so a client that was away never sees it. For typing indicators, cursors and
	 * progress.
	 *
	 * @defaultValue `true`
	 */
	keep?: boolean | undefined;
	/**
	 * With history: names this message in its channel, in at most 256 bytes. For 5 minutes a
	 * second message with this key is not sent, and `publish` resolves to the id of the first. So
	 * you can repeat a publish that failed, or one with an unknown outcome.
	 *
	 * @defaultValue none
	 */
	key?: string | undefined;
}

/** The arguments of `publish` after the data. Only the type `message` may be left out. */
export type PublishArguments<
	Events extends object,
	Type extends keyof Events & string,
	Channel extends PublishChannel = string,
> = string extends keyof Events
	? [options?: PublishOptions<Channel>]
	: [Type] extends ["message"]
		? [options?: PublishOptions<Channel> & { type?: "message" | undefined }]
		: [options: PublishOptions<Channel> & { type: Type }];

/** What `publish` resolves to. For a list of channels: an outcome for each. */
export type Published<Channel extends PublishChannel> = Channel extends string
	? PublishResult
	: PublishOutcome[];

/** One message of `publishAll`: the data, and the options of `publish`. */
export type PublishMessage<Events extends object = EventMap> = string extends keyof Events
	? { data: unknown } & PublishOptions
	: {
			[Type in keyof Events & string]: { data: Events[Type] } & Omit<PublishOptions, "type"> &
				(Type extends "message" ? { type?: "message" | undefined } : { type: Type });
		}[keyof Events & string];

/** The most messages in one call. */
export const mostMessages = 1_000;

/** The most bytes of all payloads of one call with several messages. */
export const mostBytes = 1_048_576;

/** The longest key, in bytes. */
const longestKey = 256;

/** The options that a publish is checked against. */
export interface PublishChecks {
	/** The JSON of the data, or a promise of it, where a schema or `stringify` makes it. */
	jsonOf?: ((type: string | undefined, data: unknown) => string | Promise<string>) | undefined;
	limits: { messageBytes: number };
}

/** A checked message, ready to be sent. */
export interface Outgoing extends SendOptions {
	/** The id that the publisher gave. */
	id: string | undefined;
	payload: string;
}

/** Names that `EventSource` and other libraries use. */
const advice: Advice = [
	["Did you mean type?", "event name"],
	["Did you mean id?", "lastEventId"],
];

/**
 * Makes a payload of the data and the options, and checks it.
 *
 * @throws {TypeError} that names the field and its rule.
 * @throws {ValidationError} when the data does not fit the schema of its type.
 */
export function outgoing(
	data: unknown,
	options: PublishOptions<PublishChannel>,
	{ jsonOf, limits }: PublishChecks,
): Outgoing | Promise<Outgoing> {
	// `data` is allowed so that a message can serve as the options: `publish(message.data,
	// message)`.
	checkNames("Cannot publish. ", options, ["channel type id retry keep key data"], advice);
	// This comes first, so that a schema only sees events that can be sent.
	const fields = checkedFields(options);
	if (isReserved(fields.type)) {
		throw new TypeError(
			"Cannot publish. type: names that begin with `sse.`, or look like it, are reserved.",
		);
	}
	const sending = checkedSending(options);
	const json = jsonOf === undefined ? dataJson(data) : jsonOf(fields.type, data);
	const made = (text: string) => ({
		id: fields.id,
		payload: checkedPayload(fields, text, limits.messageBytes),
		...sending,
	});
	return json instanceof Promise ? json.then(made) : made(json);
}

function checkedPayload(fields: EventFields, json: string, most: number): string {
	const payload = encode(fields, json);
	if (!exceeds(payload, most)) return payload;
	throw new TypeError(`Cannot publish. data: a message has at most ${most} bytes.`);
}

/** @throws {TypeError} that names the field and its rule. */
function checkedSending({ keep, key }: SendOptions): SendOptions {
	if (keep !== undefined && typeof keep !== "boolean") {
		throw new TypeError("Cannot publish. keep: must be true or false.");
	}
	if (key === undefined) return keep === false ? { keep } : {};
	if (typeof key !== "string" || key === "" || !key.isWellFormed() || exceeds(key, longestKey)) {
		throw new TypeError(
			`Cannot publish. key: must be well-formed text of 1 to ${longestKey} bytes.`,
		);
	}
	if (keep !== false) return { key };
	throw new TypeError("Cannot publish. key: needs the history, which keep: false stays out of.");
}
