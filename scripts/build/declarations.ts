/** Writes a declaration for each source with tsc. It has the comments that editors show. */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { dist, listed, root } from "./paths.ts";
import { relativeImport } from "./problems.ts";

/** @throws {Error} when the compiler finds an error. It has printed it. */
export function writeDeclarations(): void {
	const tsc = join(root, "node_modules/typescript/bin/tsc");
	const { status, error } = spawnSync(process.execPath, [tsc, "-p", "tsconfig.build.json"], {
		cwd: root,
		stdio: "inherit",
	});
	if (error !== undefined) throw error;
	if (status !== 0) throw new Error(`tsc found errors (exit ${status})`);
	for (const file of listed(dist)) rewriteImports(join(dist, file));
}

// `rewriteRelativeImportExtensions` changes modules only. In declarations tsc leaves `./x.ts`, which other tools may not
// find.
function rewriteImports(path: string): void {
	const rewritten = readFileSync(path, "utf8").replace(
		relativeImport,
		(_, before: string, specifier: string) => `${before}"${specifier.replace(/\.ts$/, ".js")}"`,
	);
	writeFileSync(path, rewritten);
}
