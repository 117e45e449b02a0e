/**
 * Characters that control a terminal or reorder its text: controls (C0, DEL, C1), formats such as overrides of
 * direction, line separators, and halves of characters. Joiners stay, because they make emoji.
 */
const unsafe = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

const short: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** Returns a stranger's text on one line, without characters that control a terminal. */
export function printable(text: string): string {
	return text.replace(unsafe, (found) => short[found] ?? escaped(found));
}

/** Returns a value as one line of JSON, without characters that control a terminal. */
export function jsonLine(value: unknown): string {
	return JSON.stringify(value).replace(unsafe, escaped);
}

function escaped(text: string): string {
	return Array.from({ length: text.length }, (_, at) => {
		return `\\u${text.charCodeAt(at).toString(16).padStart(4, "0")}`;
	}).join("");
}

// These take two columns of a terminal: East Asian wide characters and emoji.
const wide =
	/[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;

/** Cuts a text to this many columns of a terminal. A text that was cut ends in `…`. */
export function shortened(text: string, columns: number): string {
	let used = 0;
	let fits = 0;
	for (const character of text) {
		used += wide.test(character) ? 2 : 1;
		if (used > columns) return `${text.slice(0, fits)}…`;
		if (used < columns) fits += character.length;
	}
	return text;
}

/** Returns the text of one line of Markdown. */
export function plain(markdown: string): string {
	return markdown.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1").replaceAll("`", "");
}

/** Returns two columns of text. The second is wrapped. */
export function columns(rows: readonly (readonly [string, string])[], width = 100): string {
	const left = Math.min(32, Math.max(...rows.map(([first]) => first.length)) + 2);
	return rows
		.map(([first, second]) => {
			const lines = wrapped(second, width - left - 2);
			const head = first.length < left ? `  ${first.padEnd(left)}${lines[0]}` : `  ${first}`;
			const rest = first.length < left ? lines.slice(1) : lines;
			return [head.trimEnd(), ...rest.map((line) => `  ${" ".repeat(left)}${line}`)].join("\n");
		})
		.join("\n");
}

/** Breaks a text into lines of at most `width` characters, between words. */
export function wrapped(text: string, width: number): string[] {
	const lines = [""];
	for (const word of text.split(" ")) {
		const line = lines.at(-1) ?? "";
		if (line !== "" && line.length + word.length + 1 > width) lines.push(word);
		else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
	}
	return lines;
}
