import { checkNames } from "../known-names.ts";
import { exceeds } from "../message/text.ts";
import { checkChannel } from "../request/request.ts";

/** Which streams `sse.disconnect()` ends, and how. At least `channel` or `client` is needed. */
export interface DisconnectOptions {
	/**
	 * Streams of this channel, also those that have others besides.
	 *
	 * @defaultValue any channel
	 */
	channel?: string | undefined;
	/**
	 * Streams of this client: what `limits.perClient.key`, or the `id` of
	 * `edge-sse/presence`, returned for its request.
	 *
	 * @defaultValue any client
	 */
	client?: string | undefined;
	/**
	 * Why, in at most 256 bytes. `edge-sse/client` shows it to the page; other clients do not see it.
	 *
	 * @defaultValue `"disconnected"`
	 */
	reason?: string | undefined;
	/**
	 * Whether `edge-sse/client` stops for good. A plain EventSource always reconnects, and
	 * `authorize` is asked.
	 *
	 * @defaultValue `false`
	 */
	final?: boolean | undefined;
}

/** What `sse.disconnect()` resolves to. */
export interface DisconnectResult {
	/** How many subscriptions the broker handed it to: processes with streams, the caller's included. */
	receivers: number;
}

/** A checked wish to end streams. */
export interface Disconnect {
	readonly channel?: string | undefined;
	readonly client?: string | undefined;
	readonly reason: string;
	readonly final: boolean;
}

/** The longest key of a client and the longest reason, in bytes. */
const longestClient = 1_024;
const longestReason = 256;

/** @throws {TypeError} that names the field and its rule. */
export function checkedDisconnect(
	options: DisconnectOptions,
	allowed: readonly string[] | undefined,
): Disconnect {
	if (typeof options !== "object" || options === null) {
		throw new TypeError("Cannot disconnect. Write { channel }, { client } or both.");
	}
	checkNames(
		"Cannot disconnect. ",
		options,
		["channel client reason final"],
		[["Did you mean client?", "key id user clientKey"]],
	);
	const { channel, client, reason = "disconnected", final = false } = options;
	if (channel === undefined && client === undefined) {
		throw new TypeError("Cannot disconnect. channel or client: one of them is needed.");
	}
	if (channel !== undefined) checkChannel(channel, allowed, "disconnect");
	if (client !== undefined) checkText("client", client, longestClient);
	checkText("reason", reason, longestReason);
	if (typeof final === "boolean") return { channel, client, reason, final };
	throw new TypeError("Cannot disconnect. final: must be true or false.");
}

function checkText(name: string, text: unknown, most: number): void {
	if (typeof text === "string" && text !== "" && text.isWellFormed() && !exceeds(text, most))
		return;
	throw new TypeError(
		`Cannot disconnect. ${name}: must be well-formed text of 1 to ${most} bytes.`,
	);
}

/** What another process says. Undefined: it makes no sense. */
export function heardDisconnect(message: object): Disconnect | undefined {
	const { channel, client, reason, final } = message as { [K in keyof Disconnect]: unknown };
	try {
		return checkedDisconnect({ channel, client, reason, final } as DisconnectOptions, undefined);
	} catch {
		return undefined; // Sent by another version, or by a foreign process.
	}
}

/** The parts of a stream that identify its client. */
export interface Target {
	readonly names: readonly string[];
	/** What identifies its client. */
	readonly clients: readonly (string | undefined)[];
}

export function concerns({ channel, client }: Disconnect, { names, clients }: Target): boolean {
	if (channel !== undefined && !names.includes(channel)) return false;
	return client === undefined || clients.includes(client);
}

/** The most that is remembered while streams are being opened. */
const mostHeard = 1_000;

/** When the memory does not reach back. The client comes back and is asked again. */
const unknown: Disconnect = { reason: "disconnected", final: false };

/**
 * Remembers disconnects that arrive while streams are being opened. A request that was authorized just
 * before its right was revoked is ended as soon as its stream begins.
 */
export class RecentDisconnects {
	#opening = 0;
	#heard: Disconnect[] = [];
	/** How many were heard before those. */
	#before = 0;

	/** A request arrives. @returns a mark for `since`. Each call needs one call of `end`. */
	begin(): number {
		this.#opening++;
		return this.#before + this.#heard.length;
	}

	end(): void {
		if (--this.#opening === 0) this.#drop(this.#heard.length);
	}

	add(disconnect: Disconnect): void {
		if (this.#opening === 0) return;
		this.#heard.push(disconnect);
		if (this.#heard.length > mostHeard) this.#drop(1);
	}

	/** The first that concerns a stream since its request arrived. */
	since(mark: number, target: Target): Disconnect | undefined {
		if (mark < this.#before) return unknown;
		return this.#heard.slice(mark - this.#before).find((each) => concerns(each, target));
	}

	#drop(count: number): void {
		this.#before += count;
		this.#heard.splice(0, count);
	}
}
