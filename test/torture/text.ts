/**
 * What the messages say: `<key> <length> <padding>`. The key is the message's name, one in each of its channels;
 * the rest shows whether it arrived whole.
 */

// Characters of one to four bytes and every line break there is: a cut falls into the middle of all of them.
const pattern = "å≈𝄞 data:\nid:0-1\r\nx";

/** @param line as whose n-th message it goes out: a publisher's name, or `inOrder` of one. */
export function keyFor(channels: readonly string[], line: string, count: number): string {
	return `${channels.map(encodeURIComponent).join("+")}/${line}/${count}`;
}

/** The channels that it is published to. */
export function channelsOf(key: string): string[] {
	return key.slice(0, key.indexOf("/")).split("+").map(decodeURIComponent);
}

/** For `keyFor`: a line whose messages come in the order of their count, in each channel. */
export function inOrder(line: string): string {
	return `${line}>`;
}

/** Where a message stands in its line; undefined when there is no order. */
export function placeOf(key: string): { line: string; count: number } | undefined {
	const [, line = "", count] = key.split("/");
	return line.endsWith(">") ? { line, count: Number(count) } : undefined;
}

export function textOf(key: string, padding: number): string {
	const pad = pattern.repeat(Math.ceil(padding / pattern.length));
	return `${key} ${pad.length} ${pad}`;
}

/** @returns the key; undefined when the text is not as it was published. */
export function keyOf(text: string): string | undefined {
	const [, key, length] = /^(\S+) (\d+) /.exec(text) ?? [];
	if (key === undefined || length === undefined) return undefined;
	// The parser makes one `\n` of each line break.
	const whole = textOf(key, Number(length)).replaceAll("\r\n", "\n");
	return text === whole ? key : undefined;
}

/** How messages begin that a Flask app published, past the store: streamed at most once, without an id. */
export const noise = "noise ";
