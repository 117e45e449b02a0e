import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { dist } from "./paths.ts";

export const relativeImport = /(\b(?:from|import)\s*\(?\s*)"(\.[^"]*)"/g;

/** Finds problems in a built file that its users would have, by its path in `dist`. */
export function problemsOf(file: string): string[] {
	const found: string[] = [];
	const text = readFileSync(join(dist, file), "utf8");
	const types = file.endsWith(".d.ts");
	for (const [, , specifier = ""] of text.matchAll(relativeImport)) {
		const target = resolve(dist, dirname(file), specifier);
		// A declaration imports a declaration, by the name that its module has or would have.
		const path = types ? target.replace(/\.js$/, ".d.ts") : target;
		if (!specifier.endsWith(".js") || !existsSync(path)) {
			found.push(`dist/${file} imports ${specifier}, which is not there`);
		}
	}
	if (/^server\b|\.test\./.test(file)) found.push(`dist/${file} does not belong in the package`);
	if (types) return found;
	if (text.trim() === "") found.push(`dist/${file} is empty`);
	if (!file.startsWith("shared/") && !existsSync(join(dist, file.replace(/\.js$/, ".d.ts")))) {
		found.push(`dist/${file} has no types`);
	}
	// esbuild gives a second name to a class that names itself in its body, and users would see that name.
	for (const [, name] of text.matchAll(/= class _(\w+)/g)) {
		found.push(
			`dist/${file}: the class ${name} would be called _${name}: do not name it in its body`,
		);
	}
	return found;
}
