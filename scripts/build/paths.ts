import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root: string = fileURLToPath(new URL("../..", import.meta.url));
export const src: string = join(root, "src");
export const dist: string = join(root, "dist");

/** The files of a folder, as paths in it. */
export function listed(folder: string): string[] {
	const paths = readdirSync(folder, { recursive: true, encoding: "utf8" });
	return paths.filter((path) => /\.[jt]s$/.test(path));
}

/** The sources of package.json's `exports`, as paths in `src`. Each is listed once. */
export function entries(): string[] {
	const text = readFileSync(join(root, "package.json"), "utf8");
	const { exports }: { exports: Record<string, string | Record<string, string>> } =
		JSON.parse(text);
	const targets = Object.values(exports).flatMap((target) => Object.values(target));
	const built = targets.filter((path) => /^\.\/dist\/.*\.js$/.test(path));
	return [...new Set(built)].map((path) => path.slice("./dist/".length).replace(/\.js$/, ".ts"));
}
