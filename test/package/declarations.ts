import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { root } from "./support.ts";

/** Reads the comments out of built declarations. tsc writes them in a fixed form. */

export interface Member {
	name: string;
	kind: "method" | "optional" | "property";
	comment: string;
}

export interface Declaration {
	name: string;
	kind: string;
	/** The comment before it, or an empty string. */
	comment: string;
	/** The members of a class or an interface, without those that are `@internal`. */
	members: Member[];
}

/** The comment at the top of a declarations file. */
export function moduleComment(text: string): string {
	return /^\s*(\/\*\*.*?\*\/)/s.exec(text)?.[1] ?? "";
}

export function read(path: string): string {
	return readFileSync(join(root, path), "utf8");
}

/** Everything that a declarations file exports, including names from other files. */
export function exportsOf(path: string): Declaration[] {
	const text = read(path);
	const own = declarationsIn(text).map((each) => withInherited(each, path, text));
	const others = [...text.matchAll(/^export (?:type )?(\*|\{.*?\}) from "(.*?)";/gms)].flatMap(
		([, names = "", from = ""]) => {
			const wanted = names.match(/\w+(?=\s*[,}])/g);
			const found = exportsOf(pathOf(path, from));
			return names === "*" ? found : found.filter(({ name }) => wanted?.includes(name));
		},
	);
	return [...own, ...others];
}

function pathOf(importer: string, specifier: string): string {
	return join(dirname(importer), specifier.replace(/\.js$/, ".d.ts"));
}

/** Adds the members of the base class, when that is in a file of ours. */
function withInherited(declaration: Parsed, path: string, text: string): Declaration {
	const { base, ...own } = declaration;
	const specifier = new RegExp(`^import .*\\b${base}\\b.* from "(\\..*?)";`, "m").exec(text)?.[1];
	if (base === undefined || specifier === undefined) return own;
	const parent = exportsOf(pathOf(path, specifier)).find(({ name }) => name === base);
	return { ...own, members: [...own.members, ...(parent?.members ?? [])] };
}

type Parsed = Declaration & { base: string | undefined };

const comment = String.raw`(?:^ *(?<comment>/\*\*(?:(?!\*/).)*\*/)\n)?`;
const head = String.raw`^export (?:declare )?(?:abstract )?(?<kind>function|class|interface|type|const) (?<name>\w+)(?:[^\n]*? extends (?<base>\w+)(?:<\w+>)? \{$)?`;

/** @param text of a declarations file. */
export function declarationsIn(text: string): Parsed[] {
	return [...text.matchAll(new RegExp(comment + head, "gms"))].map((match) => {
		const { kind = "", name = "", comment = "", base } = match.groups ?? {};
		const [body = ""] = text.slice(match.index + match[0].length).split(/^\}/m, 1);
		const isBlock = kind === "class" || kind === "interface";
		return { kind, name, comment, base, members: isBlock ? membersIn(body, kind) : [] };
	});
}

const line = String.raw`^ {4}(?<modifiers>(?:static |readonly |protected |get )*)(?<name>\w+)(?<optional>\?)?(?<rest>[:(<][^\n]*)$`;

function membersIn(body: string, kind: string): Member[] {
	return [...body.matchAll(new RegExp(comment + line, "gms"))].flatMap((match): Member[] => {
		const { name = "", comment = "", optional, rest = "", modifiers = "" } = match.groups ?? {};
		if (name === "constructor" || comment.includes("@internal")) return [];
		const isMethod = kind === "class" && !modifiers.includes("get ") && /^(?:[(<]|: \()/.test(rest);
		if (isMethod) return [{ name, kind: "method", comment }];
		return [{ name, kind: optional === undefined ? "property" : "optional", comment }];
	});
}
