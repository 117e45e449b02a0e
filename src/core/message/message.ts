import { checkedFields, type MessageOptions } from "./checked-fields.ts";
import { frame } from "./frame.ts";
import { dataText } from "./json-data.ts";

export type { MessageOptions } from "./checked-fields.ts";

/** The dictionary that flask-sse puts into Redis, without absent fields. */
export interface MessageJSON {
	/** What the publisher sent. */
	data: unknown;
	/** Absent for `message`. */
	type?: string;
	/** The event's id. */
	id?: string;
	/** The time before a reconnect, in ms. */
	retry?: number;
}

/**
 * One server-sent event.
 *
 * @example
 * ```ts
 * const text = new Message({ id: 7 }, { type: "order" }).toString(); // "event:order\ndata:{\"id\":7}\n\n"
 * ```
 *
 * @throws {TypeError} when `type`, `id` or `retry` could not be written without changing the
 *   stream.
 * @see
 *   https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
export class Message {
	/** What the publisher sent. */
	readonly data: unknown;
	/** The event's name. Undefined: `message`. */
	readonly type: string | undefined;
	/** The event's id, if it has one. */
	readonly id: string | undefined;
	/** How long the browser waits before it reconnects, in ms. */
	readonly retry: number | undefined;

	constructor(data: unknown, options: MessageOptions = {}) {
		this.data = data;
		({ type: this.type, id: this.id, retry: this.retry } = checkedFields(options));
	}

	/**
	 * The event as one text/event-stream frame, blank line included.
	 *
	 * @example
	 * ```ts
	 * new Message("Hello!").toString(); // "data:Hello!\n\n"
	 * ```
	 *
	 * @throws {TypeError} when `data` is neither a string nor something that JSON can carry.
	 */
	toString(): string {
		return frame({ data: dataText(this.data), type: this.type, id: this.id, retry: this.retry });
	}

	/**
	 * The smallest object, like flask-sse's `to_dict()`. `JSON.stringify(message)` writes it.
	 *
	 * @example
	 * ```ts
	 * new Message("Hello!", { type: "greeting" }).toJSON(); // { data: "Hello!", type: "greeting" }
	 * ```
	 */
	toJSON(): MessageJSON {
		const json: MessageJSON = { data: this.data };
		if (this.type !== undefined) json.type = this.type;
		if (this.id !== undefined) json.id = this.id;
		if (this.retry !== undefined) json.retry = this.retry;
		return json;
	}

	/**
	 * Whether the other is a message with equal fields and the same data as JSON.
	 *
	 * @example
	 * ```ts
	 * new Message({ a: 1 }).equals(new Message({ a: 1 })); // true
	 * ```
	 */
	equals(other: unknown): boolean {
		return sameMessage(this, other);
	}

	/** What console.log shows on Node, Bun and Deno: `Message("Hello!", { type: "greeting" })`. */
	[Symbol.for("nodejs.util.inspect.custom")](): string {
		const { data, ...options } = this.toJSON();
		const fields = Object.entries(options).map(
			([name, value]) => `${name}: ${JSON.stringify(value)}`,
		);
		// `String` throws on an object without a prototype. console.log must not.
		const other = typeof data === "object" ? "[object Object]" : String(data);
		const text = jsonOrUndefined(data) ?? other;
		return fields.length === 0 ? `Message(${text})` : `Message(${text}, { ${fields.join(", ")} })`;
	}
}

// This stays outside the class: esbuild gives a second name to a class that names itself in its
// body, and console.log would show it.
function sameMessage(one: Message, other: unknown): boolean {
	return (
		other instanceof Message &&
		one.type === other.type &&
		one.id === other.id &&
		one.retry === other.retry &&
		sameJson(one.data, other.data)
	);
}

function jsonOrUndefined(value: unknown): string | undefined {
	try {
		return JSON.stringify(value);
	} catch {
		return undefined; // a cycle or a BigInt: the caller compares those otherwise
	}
}

function sameJson(a: unknown, b: unknown): boolean {
	if (Object.is(a, b)) return true;
	// The common case. Long texts need not be written as JSON to compare them.
	if (typeof a === "string" && typeof b === "string") return false;
	const left = jsonOrUndefined(a);
	const right = jsonOrUndefined(b);
	if (left === undefined || right === undefined) return false;
	return left === right || sameValue(JSON.parse(left), JSON.parse(right));
}

// Both sides come fresh from JSON.parse, so there are no cycles and no prototypes.
function sameValue(a: unknown, b: unknown): boolean {
	if (a === b) return true;
	if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
	if (Array.isArray(a) !== Array.isArray(b)) return false;
	const left = Object.entries(a);
	return (
		left.length === Object.keys(b).length &&
		left.every(
			([key, value]) =>
				Object.hasOwn(b, key) && sameValue(value, (b as Record<string, unknown>)[key]),
		)
	);
}
