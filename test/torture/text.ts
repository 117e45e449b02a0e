/**
 * What the messages say: `<key> <length> <padding>`. The key is the message's name, one in all the world;
 * the rest shows whether it arrived whole.
 */

// Characters of one to four bytes and every line break there is: a cut falls into the middle of all of them.
const pattern = "å≈𝄞 data:\nid:0-1\r\nx";

export function keyFor(channel: string, publisher: string, count: number): string {
	return `${encodeURIComponent(channel)}/${publisher}/${count}`;
}

export function channelOf(key: string): string {
	return decodeURIComponent(key.slice(0, key.indexOf("/")));
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
