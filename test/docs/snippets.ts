import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../package/support.ts";

/** A fenced block of a document. */
export interface Snippet {
	/** The document, as a path from the root. */
	document: string;
	/** The line of its first line of code. */
	line: number;
	/** The language in the fence, or empty. */
	language: string;
	code: string;
	/** `README.md:5`, for messages. */
	at: string;
}

const patterns = [
	"README.md",
	"SECURITY.md",
	"CONTRIBUTING.md",
	"docs/**/*.md",
	"examples/**/*.md",
	"skills/**/*.md",
	"templates/**/*.md",
];

/** Every document for users. */
export const documents: string[] = patterns
	.flatMap((pattern) => globSync(pattern, { cwd: root, exclude: ["**/node_modules/**"] }))
	.filter((path) => existsSync(join(root, path)))
	.sort();

export const snippets: Snippet[] = documents.flatMap((document) =>
	snippetsOf(document, readFileSync(join(root, document), "utf8")),
);

/** The only snippet of a document that contains this text. */
export function snippet(document: string, text: string): Snippet {
	const found = snippets.filter((one) => one.document === document && one.code.includes(text));
	const [first] = found;
	if (first !== undefined && found.length === 1) return first;
	throw new Error(`${document} has ${found.length} snippets with ${JSON.stringify(text)}, not 1.`);
}

/** @throws when a fence is not closed, because everything after it would be taken for code. */
export function snippetsOf(document: string, text: string): Snippet[] {
	const found: Snippet[] = [];
	let open: { indent: string; fence: string; language: string; line: number } | undefined;
	let code: string[] = [];
	for (const [index, line] of text.split("\n").entries()) {
		if (open === undefined) {
			const [, indent = "", fence = "", language = ""] = /^(\s*)(`{3,})(\S*)/.exec(line) ?? [];
			if (fence !== "") open = { indent, fence, language, line: index + 2 };
			code = [];
		} else if (line.trim() === open.fence) {
			const { language, line: first } = open;
			const at = `${document}:${first - 1}`;
			found.push({ document, line: first, language, code: code.join("\n"), at });
			open = undefined;
		} else {
			code.push(line.startsWith(open.indent) ? line.slice(open.indent.length) : line);
		}
	}
	if (open !== undefined) throw new Error(`${document}:${open.line - 1}: the fence is not closed.`);
	return found;
}
