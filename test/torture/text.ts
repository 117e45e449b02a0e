/**
 * The text of the messages: `<key> <length> <padding>`. The key is the message's name, unique in each of its
 * channels. The rest shows whether it arrived whole.
 */

// Characters of one to four bytes and every line break there is: a cut falls into the middle of all of them.
const pattern = "å≈𝄞 data:\nid:0-1\r\nx";

/** @param line the sequence that counts this message: a publisher's name, or `inOrder` of one. */
export function keyFor(channels: readonly string[], line: string, count: number): string {
	return `${channels.map(encodeURIComponent).join("+")}/${line}/${count}`;
}

/** The channels that it is published to. */
export function channelsOf(key: string): string[] {
	return key.slice(0, key.indexOf("/")).split("+").map(decodeURIComponent);
}

/** For `keyFor`: a sequence whose messages come in the order of their count, in each channel. */
export function inOrder(line: string): string {
	return `${line}>`;
}

/** The position of a message in its sequence; undefined when there is no order. */
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
	// The parser makes one `
	// ` of each line break.
	const whole = textOf(key, Number(length)).replaceAll("\r\n", "\n");
	return text === whole ? key : undefined;
}

/**
 * The prefix of messages that a Flask app published without storing them: streamed at most once, without an id.
 */
export const noise = "noise ";
