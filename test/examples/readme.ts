import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../support/server.ts";

export const examples: string = join(root, "examples");

/** The folders of examples/: a host each, and what else can be shown. */
export const names: string[] = readdirSync(examples, { withFileTypes: true })
	.filter((entry) => entry.isDirectory())
	.map((entry) => entry.name)
	.sort();

export function readme(name: string): string {
	const file = join(examples, name, "README.md");
	if (!existsSync(file)) throw new Error(`${file}: every example says how it is run.`);
	return readFileSync(file, "utf8");
}

/** Whether a file or folder of examples/ belongs to a package of its own, which an install must come before. */
export function hasDependencies(path: string): boolean {
	const [, name = ""] = path.split("/");
	return existsSync(join(examples, name, "package.json"));
}

/** The code blocks of a page, in their order; of one language, as the fence names it. */
export function blocks(markdown: string, language: string): string[] {
	const fences = markdown.matchAll(/^```(\w*)\n(.*?)^```$/gms);
	return [...fences].flatMap(([, named, code = ""]) => (named === language ? [code.trim()] : []));
}

/** What every command begins with: from a clean clone to a package that can be imported. */
const preparation = "npm ci && npm run build && ";

/**
 * The README's one command, without its preparation, word by word: `npm test` has done that already. Of
 * `npx` it needs no more than the programs' folder, which is in the PATH.
 */
export function command(name: string): string[] {
	const [line = ""] = blocks(readme(name), "sh");
	if (!line.startsWith(preparation)) {
		throw new Error(`${name}: the first command begins with "${preparation}", not "${line}".`);
	}
	const words = line.slice(preparation.length).split(" ");
	return words[0] === "npx" ? words.slice(1) : words;
}
