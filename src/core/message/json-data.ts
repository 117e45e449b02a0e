/**
 * The text for `data:` lines: a string as it is, everything else as JSON. What JSON makes a
 * string (a `Date`, a `toJSON`) is a string here too, as when it was published.
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
		// A toJSON may throw anything, also null.
		const reason = cause instanceof Error ? cause.message : `JSON has no form for ${kindOf(data)}`;
		throw new TypeError(
			`Message data cannot be sent: ${reason}. ` +
				"Pass a string, or a value that JSON.stringify accepts.",
			{ cause },
		);
	}
	return json;
}

/** What a value is, for an error. */
export function kindOf(value: unknown): string {
	if (value === undefined) return "undefined";
	if (value === null) return "null";
	if (Array.isArray(value)) return "an array";
	return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
