import type { MessageFilter } from "./delivery/selection.ts";
import { checkNames } from "./known-names.ts";
import { Message } from "./message/message.ts";

/**
 * Makes the first events of one client.
 *
 * @returns no events for a client that needs none.
 */
export type FirstEvents = (client: {
	/** Where the client left off. Undefined: it is new. */
	lastEventId: string | undefined;
}) => readonly Message[] | Promise<readonly Message[]>;

/** What one route's streams get. What is left out is the client's choice, or the default. */
export interface StreamOptions {
	/**
	 * The channels of this stream, instead of the request's own `?channel=`: a name, or a list of
	 * at least one. A value of `undefined` is a `TypeError`: it would let the client choose by
	 * mistake.
	 *
	 * @defaultValue the client chooses by `?channel=`
	 */
	channel?: string | readonly string[];
	/**
	 * With history: how many of each channel's newest messages a new client is sent first; 1 is
	 * the latest. A client that reconnects gets what it missed instead.
	 *
	 * @defaultValue `0`
	 */
	recent?: number | undefined;
	/**
	 * Whether each event's data is `{"channel": …, "data": …}`, with the data as it was published. For pages that read
	 * several channels on one connection.
	 *
	 * @defaultValue what the request asks for by `?envelope=1`
	 */
	envelope?: boolean | undefined;
	/**
	 * Only events of these types. `message` stands for events without a type. What is filtered out still moves the
	 * client's cursor.
	 *
	 * @defaultValue every type
	 */
	types?: readonly string[] | undefined;
	/**
	 * Only messages for which this returns true, and no promise. It is called once per message for all clients with the
	 * same function, or the same `filter.key`. Where it throws, the message is filtered out. Not with Durable Objects.
	 *
	 * @defaultValue none
	 */
	filter?: MessageFilter | undefined;
	/**
	 * Events of this client's own at the beginning, a snapshot for instance. A list is for clients without a cursor. A
	 * function decides by the cursor. With history, what is published while it runs follows. Not with Durable Objects.
	 *
	 * @defaultValue none
	 */
	first?: readonly Message[] | FirstEvents | undefined;
	/**
	 * When the stream ends, in ms since 1970. The client then reconnects and is authorized again.
	 * A value of `undefined` is a `TypeError`.
	 *
	 * @defaultValue no end
	 */
	expires?: number;
	/**
	 * What the runtime passed to its fetch handler after the request: Bun's server, Deno's info,
	 * Workers' env.
	 *
	 * @defaultValue none
	 */
	host?: unknown;
}

/** @throws {TypeError} that names the option and its rule. */
export function checkStreamOptions(options: StreamOptions): void {
	// With a misspelt `channel`, the client would choose what it reads. The same goes for one that
	// is undefined.
	checkNames("Cannot stream. ", options, [
		"channel recent envelope types filter first expires host",
	]);
	if ("channel" in options) checkRouteChannel(options.channel);
	const { recent = 0, expires, envelope = false, types, filter, first } = options;
	if (types !== undefined && !areNames(types)) {
		throw new TypeError("Cannot stream. types: must be a list of names of event types.");
	}
	if (filter !== undefined && typeof filter !== "function") {
		throw new TypeError("Cannot stream. filter: must be a function of a message.");
	}
	if (first !== undefined && typeof first !== "function" && !areMessages(first)) {
		throw new TypeError(
			"Cannot stream. first: must be a list of messages, or a function that makes one.",
		);
	}
	if (typeof envelope !== "boolean") {
		throw new TypeError("Cannot stream. envelope: must be true or false.");
	}
	if (!Number.isSafeInteger(recent) || recent < 0) {
		throw new TypeError("Cannot stream. recent: must be a whole number of 0 or more.");
	}
	if ("expires" in options && (typeof expires !== "number" || Number.isNaN(expires))) {
		throw new TypeError(
			"Cannot stream. expires: must be a number, in ms since 1970; leave it out for no end.",
		);
	}
}

/** @throws {TypeError} for what cannot reach the object that makes the stream. */
export function checkOwnStreams({ filter, first }: StreamOptions): void {
	if (filter === undefined && first === undefined) return;
	const name = filter === undefined ? "first" : "filter";
	throw new TypeError(
		`Cannot stream. ${name}: does not reach the Durable Object that makes the stream. Use types, or channels.`,
	);
}

/** @throws {TypeError} when a route names no channel: undefined, null, an empty name or list. */
function checkRouteChannel(channel: unknown): void {
	const names: unknown[] = [channel].flat();
	if (names.length > 0 && areNames(names)) return;
	throw new TypeError(
		"Cannot stream. channel: must be a name or a list of names. " +
			"Leave it out to let the client choose by ?channel=.",
	);
}

/** Whether this is a list of `Message`s. */
export function areMessages(value: unknown): value is readonly Message[] {
	return Array.isArray(value) && value.every((each) => each instanceof Message);
}

/** Whether this is a list of names, none of them empty. */
export function areNames(value: unknown): boolean {
	return Array.isArray(value) && value.every((name) => typeof name === "string" && name !== "");
}
