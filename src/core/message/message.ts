import { idProblem, retryProblem, typeProblem } from "./fields.ts";
import { frame } from "./frame.ts";

export interface MessageOptions {
	/**
	 * The event's name; listeners use `addEventListener(type, …)`. Absent or `""`: `message`. At most 256 bytes of
	 * UTF-8, without control and format characters.
	 */
	type?: string | null | undefined;
	/**
	 * The event's id; the browser sends the latest back as `Last-Event-ID`. At most 1,024 bytes of UTF-8, without
	 * control characters, and without a space at either end.
	 */
	id?: string | number | null | undefined;
	/** How long the browser waits before it reconnects, in ms: a whole number of at most 86,400,000 (a day). */
	retry?: number | null | undefined;
}

/** The dictionary that flask-sse puts into Redis; absent fields are left out. */
export interface MessageJSON {
	data: unknown;
	type?: string;
	id?: string;
	retry?: number;
}

/**
 * One server-sent event.
 *
 * @throws {TypeError} when `type`, `id` or `retry` could not be written without changing the stream.
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
export class Message {
	readonly data: unknown;
	readonly type: string | undefined;
	readonly id: string | undefined;
	readonly retry: number | undefined;

	constructor(data: unknown, options: MessageOptions = {}) {
		this.data = data;
		this.type = validType(options.type);
		this.id = validId(options.id);
		this.retry = validRetry(options.retry);
	}

	/**
	 * The event as one text/event-stream frame, blank line included.
	 *
	 * @throws {TypeError} when `data` is neither a string nor something that JSON can carry.
	 */
	toString(): string {
		return frame({ data: dataText(this.data), type: this.type, id: this.id, retry: this.retry });
	}

	/** The minimal object, as flask-sse's `to_dict()`: what `JSON.stringify(message)` writes. */
	toJSON(): MessageJSON {
		const json: MessageJSON = { data: this.data };
		if (this.type !== undefined) json.type = this.type;
		if (this.id !== undefined) json.id = this.id;
		if (this.retry !== undefined) json.retry = this.retry;
		return json;
	}

	/** Whether the other is a message that says the same: equal fields, and data that is the same JSON. */
	equals(other: unknown): boolean {
		return sameMessage(this, other);
	}

	/** What console.log shows on Node, Bun and Deno: `Message("Hello!", { type: "greeting" })`. */
	[Symbol.for("nodejs.util.inspect.custom")](): string {
		const { data, ...options } = this.toJSON();
		const fields = Object.entries(options).map(
			([name, value]) => `${name}: ${JSON.stringify(value)}`,
		);
		// An object without a prototype, which String cannot write, must not make console.log throw.
		const other = typeof data === "object" ? "[object Object]" : String(data);
		const text = jsonOrUndefined(data) ?? other;
		return fields.length === 0 ? `Message(${text})` : `Message(${text}, { ${fields.join(", ")} })`;
	}
}

// Not in the class: one that names itself in its body is given a second name by esbuild, and shown with it.
function sameMessage(one: Message, other: unknown): boolean {
	return (
		other instanceof Message &&
		one.type === other.type &&
		one.id === other.id &&
		one.retry === other.retry &&
		sameJson(one.data, other.data)
	);
}

/**
 * Data as it goes into `data:` lines: a string as it is, everything else as JSON. What is a string in JSON
 * (a `Date`, or what its `toJSON` makes one) is a string here too, as it is when it was published.
 *
 * @throws {TypeError} when JSON cannot carry it.
 */
export function dataText(data: unknown): string {
	if (typeof data === "string") return data;
	const json = dataJson(data);
	return json.startsWith('"') ? JSON.parse(json) : json;
}

/**
 * Data as JSON text.
 *
 * @throws {TypeError} for undefined, a function, a symbol, a BigInt or a cycle.
 */
export function dataJson(data: unknown): string {
	let json: string | undefined;
	let cause: unknown;
	try {
		json = JSON.stringify(data);
	} catch (error) {
		cause = error;
	}
	if (json === undefined) {
		// A toJSON may throw anything, null included.
		const reason = cause instanceof Error ? cause.message : `JSON has no form for ${kindOf(data)}`;
		throw new TypeError(
			`Message data cannot be sent: ${reason}. ` +
				"Pass a string, or a value that JSON.stringify accepts.",
			{ cause },
		);
	}
	return json;
}

function validType(type: unknown): string | undefined {
	// "" and no type mean the same event to the parser: `message`.
	if (type === undefined || type === null || type === "") return undefined;
	if (typeof type !== "string") throw invalid("type", `must be a string, not ${kindOf(type)}`);
	const problem = typeProblem(type);
	if (problem !== undefined) throw invalid("type", problem);
	return type;
}

function validId(id: unknown): string | undefined {
	if (id === undefined || id === null) return undefined;
	if (typeof id === "number" && !Number.isSafeInteger(id)) {
		throw invalid("id", "as a number must be a safe integer; pass a string instead");
	}
	if (typeof id !== "string" && typeof id !== "number") {
		throw invalid("id", `must be a string or an integer, not ${kindOf(id)}`);
	}
	const text = String(id);
	const problem = idProblem(text);
	if (problem !== undefined) throw invalid("id", problem);
	return text;
}

function validRetry(retry: unknown): number | undefined {
	if (retry === undefined || retry === null) return undefined;
	const problem = retryProblem(retry);
	if (problem !== undefined) throw invalid("retry", problem);
	return Number(retry);
}

function invalid(field: string, rule: string): TypeError {
	return new TypeError(`Message ${field} ${rule}.`);
}

function kindOf(value: unknown): string {
	if (value === undefined) return "undefined";
	if (value === null) return "null";
	if (Array.isArray(value)) return "an array";
	return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

function jsonOrUndefined(value: unknown): string | undefined {
	try {
		return JSON.stringify(value);
	} catch {
		return undefined; // a cycle or a BigInt: the caller has another form for it
	}
}

function sameJson(a: unknown, b: unknown): boolean {
	if (Object.is(a, b)) return true;
	// The common case, and long texts need not be written out to be told apart.
	if (typeof a === "string" && typeof b === "string") return false;
	const left = jsonOrUndefined(a);
	const right = jsonOrUndefined(b);
	if (left === undefined || right === undefined) return false;
	return left === right || sameValue(JSON.parse(left), JSON.parse(right));
}

// Both sides are fresh from JSON.parse, so there are no cycles and no prototypes to mind.
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
