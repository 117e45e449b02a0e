import { encode, exceeds } from "./message/envelope.ts";
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
 * Makes a message of what is to be published, and holds it to every rule.
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
	const valid = await validated(events, options.type || undefined, data);
	const message = new Message(stringify === undefined ? valid : parsed(stringify(valid)), options);
	const payload = encode(message);
	if (exceeds(payload, messageBytes)) {
		throw new TypeError(`Cannot publish. data: a message has at most ${messageBytes} bytes.`);
	}
	return { message, payload };
}

/** The envelope in Redis is JSON, whoever wrote the data in it. */
function parsed(text: unknown): unknown {
	try {
		return JSON.parse(text as string);
	} catch (cause) {
		throw new TypeError("Cannot publish. stringify: must return JSON.", { cause });
	}
}
