/**
 * Characters that make a terminal do something, or show text in another order than it has: controls (C0, DEL, C1),
 * formats such as overrides of direction, separators of lines, halves of characters. Joiners stay: they make emoji.
 */
const unsafe = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

const short: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** A stranger's text on one line of a terminal, which it cannot drive. */
export function printable(text: string): string {
	return text.replace(unsafe, (found) => short[found] ?? escaped(found));
}

/** A value as one line of JSON, which means the same and is as harmless on a terminal. */
export function jsonLine(value: unknown): string {
	return JSON.stringify(value).replace(unsafe, escaped);
}

function escaped(text: string): string {
	return Array.from({ length: text.length }, (_, at) => {
		return `\\u${text.charCodeAt(at).toString(16).padStart(4, "0")}`;
	}).join("");
}

/** Markdown of one line without its marks. */
export function plain(markdown: string): string {
	return markdown.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1").replaceAll("`", "");
}

/** Two columns, the second broken into lines. */
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

function wrapped(text: string, width: number): string[] {
	const lines = [""];
	for (const word of text.split(" ")) {
		const line = lines.at(-1) ?? "";
		if (line !== "" && line.length + word.length + 1 > width) lines.push(word);
		else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
	}
	return lines;
}
