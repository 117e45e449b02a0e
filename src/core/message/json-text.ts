/**
 * JSON that somebody else wrote and that is published as it stands. Parsing and rewriting would
 * change `12345678901234567890`, `1.0` and `1e400`.
 */
export class JsonText {
	readonly text: string;
	/** The value that JavaScript reads in it. */
	readonly value: unknown;

	/**
	 * @param source the option or field that the text came from, for the error.
	 * @throws {TypeError} when it is not the text of one JSON value. The error does not quote it.
	 */
	constructor(text: unknown, source: string) {
		if (typeof text !== "string") {
			throw new TypeError(`${source}: must be JSON text, a string.`);
		}
		// JSON escapes a lone surrogate. Unescaped, it has no form in UTF-8.
		if (!text.isWellFormed()) {
			throw new TypeError(`${source}: must be well-formed Unicode; it has a lone surrogate.`);
		}
		this.text = text;
		this.value = parsed(text, source);
	}

	/** For code that treats it as plain data, it is the value. */
	toJSON(): unknown {
		return this.value;
	}
}

function parsed(text: string, source: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		// V8's error quotes the text and could end up in a log, so it is not the cause.
		throw new TypeError(`${source}: must be the text of one JSON value.`);
	}
}

/**
 * The text of a top-level member of a JSON object, as its writer wrote it.
 *
 * @param json an object's text that `JSON.parse` accepts, so only nesting and strings matter
 *   here. Of two equal keys the last counts, as in `JSON.parse`.
 * @returns undefined when there is no such member.
 */
export function memberText(json: string, name: string): string | undefined {
	let found: string | undefined;
	let depth = 0;
	let key = "";
	let valueStart = -1;
	for (let i = 0; i < json.length; i++) {
		const c = json.charCodeAt(i);
		if (c === 0x22) {
			const end = stringEnd(json, i);
			if (depth === 1 && valueStart === -1) key = JSON.parse(json.slice(i, end));
			i = end - 1;
		} else if (c === 0x7b || c === 0x5b) {
			depth++;
		} else if (c === 0x3a && depth === 1 && valueStart === -1) {
			valueStart = i + 1;
		} else if ((c === 0x2c && depth === 1) || (c === 0x7d && depth === 1)) {
			if (key === name && valueStart !== -1) found = json.slice(valueStart, i).trim();
			valueStart = -1;
			if (c === 0x7d) depth--;
		} else if (c === 0x7d || c === 0x5d) {
			depth--;
		}
	}
	return found;
}

/** The index after the closing quote of the JSON string that opens at `start`. */
function stringEnd(text: string, start: number): number {
	let quote = text.indexOf('"', start + 1);
	// A quote is escaped when an odd number of backslashes stands before it.
	for (; quote !== -1; quote = text.indexOf('"', quote + 1)) {
		let slashes = 0;
		while (text.charCodeAt(quote - 1 - slashes) === 0x5c) slashes++;
		if (slashes % 2 === 0) break;
	}
	return quote + 1;
}
