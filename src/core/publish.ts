import { encode, exceeds } from "./message/envelope.ts";
import { JsonText } from "./message/json-text.ts";
import { isReserved, Message, type MessageOptions } from "./message/message.ts";
import { validated } from "./message/schema.ts";
import type { CheckedOptions } from "./options.ts";

export interface PublishOptions extends MessageOptions {
	/** Default `sse`. */
	channel?: string | undefined;
}

/** What `publish` takes after the data: the type may be left out only where it is `message`. */
export type PublishArguments<
	Events extends object,
	Type extends keyof Events & string,
> = string extends keyof Events
	? [options?: PublishOptions]
	: [Type] extends ["message"]
		? [options?: PublishOptions & { type?: "message" | undefined }]
		: [options: PublishOptions & { type: Type }];

/**
 * Makes a message of what is to be published, and holds it to every rule. A `JsonText` is published
 * as it stands.
 *
 * @throws {TypeError} that names the field and its rule.
 * @throws {ValidationError} when the data does not fit the schema of its type.
 */
export async function outgoing(
	data: unknown,
	options: PublishOptions,
	{ events, stringify, limits: { messageBytes } }: CheckedOptions,
): Promise<{ message: Message; payload: string }> {
	if (isReserved(options.type ?? undefined)) {
		throw new TypeError("Cannot publish. type: names that begin with `sse.` are edge-sse's own.");
	}
	const given = await asGiven(data, options.type || undefined, { events, stringify });
	const message = new Message(given instanceof JsonText ? given.value : given, options);
	const payload = given instanceof JsonText ? encode(message, given.text) : encode(message);
	if (exceeds(payload, messageBytes)) {
		throw new TypeError(`Cannot publish. data: a message has at most ${messageBytes} bytes.`);
	}
	return { message, payload };
}

/**
 * The data as it is to be sent: a `JsonText` where the publisher or `stringify` gave the JSON, which
 * then goes out as it stands. A schema gives its own data back, so with one nothing is as it stood.
 */
async function asGiven(
	data: unknown,
	type: string | undefined,
	{ events, stringify }: Pick<CheckedOptions, "events" | "stringify">,
): Promise<unknown> {
	const isText = data instanceof JsonText;
	if (isText && events === undefined) return data;
	const valid = await validated(events, type, isText ? data.value : data);
	if (stringify === undefined) return valid;
	return new JsonText(stringify(valid), "Cannot publish. stringify");
}
