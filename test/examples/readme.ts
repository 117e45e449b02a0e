import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../support/server.ts";

export const examples: string = join(root, "examples");

/** The folders of examples/, one for each host or topic. */
export const names: string[] = readdirSync(examples, { withFileTypes: true })
	.filter((entry) => entry.isDirectory())
	.map((entry) => entry.name)
	.sort();

export function readme(name: string): string {
	const file = join(examples, name, "README.md");
	if (!existsSync(file)) throw new Error(`${file}: every example says how it is run.`);
	return readFileSync(file, "utf8");
}

/** Whether a file or folder of examples/ belongs to a package of its own, which must be installed first. */
export function hasDependencies(path: string): boolean {
	const [, name = ""] = path.split("/");
	return existsSync(join(examples, name, "package.json"));
}

/** The code blocks of a page in one language, in order. */
export function blocks(markdown: string, language: string): string[] {
	const fences = markdown.matchAll(/^```(\w*)\n(.*?)^```$/gms);
	return [...fences].flatMap(([, named, code = ""]) => (named === language ? [code.trim()] : []));
}

/** What every command begins with: from a clean clone to a package that can be imported. */
const preparation = "npm ci && npm run build && ";

/**
 * The words of the README's command without the preparation, which `npm test` has done already. `npx` is left
 * out, because the programs' folder is in the PATH.
 */
export function command(name: string): string[] {
	const [line = ""] = blocks(readme(name), "sh");
	if (!line.startsWith(preparation)) {
		throw new Error(`${name}: the first command begins with "${preparation}", not "${line}".`);
	}
	const words = line.slice(preparation.length).split(" ");
	return words[0] === "npx" ? words.slice(1) : words;
}
