/**
 * `npm run build`: the package's files, from an empty `dist`. Plain `tsc`: one module in, one module
 * out, so that what is read in `node_modules` is what is read in `src`. Comments stay in the
 * declarations, where editors show them, and in the modules, where bundlers drop them.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = join(root, "dist");
const relativeImport = /(\b(?:from|import)\s*\(?\s*)"(\.[^"]*)"/g;

rmSync(dist, { recursive: true, force: true });
compile();
const files = readdirSync(dist, { recursive: true, encoding: "utf8" }).filter((file) =>
	/\.[jt]s$/.test(file),
);
for (const file of files) if (file.endsWith(".d.ts")) rewriteImports(join(dist, file));
const problems = files.flatMap(problemsOf);
if (files.length === 0) problems.push("dist is empty");
if (problems.length > 0) fail(problems.join("\n"));
console.log(`edge-sse: built ${files.filter((file) => file.endsWith(".js")).length} modules`);

function compile(): void {
	const tsc = join(root, "node_modules/typescript/bin/tsc");
	const { status, error } = spawnSync(process.execPath, [tsc, "-p", "tsconfig.build.json"], {
		cwd: root,
		stdio: "inherit",
	});
	if (error !== undefined) throw error;
	if (status !== 0) fail(`tsc found errors (exit ${status})`);
}

// `rewriteRelativeImportExtensions` is for modules only: tsc leaves `./x.ts` in the declarations,
// which not every tool but itself finds.
function rewriteImports(path: string): void {
	const rewritten = readFileSync(path, "utf8").replace(
		relativeImport,
		(_, before: string, specifier: string) => `${before}"${specifier.replace(/\.ts$/, ".js")}"`,
	);
	writeFileSync(path, rewritten);
}

/** What would break for whoever installs the package, although it compiled. */
function problemsOf(file: string): string[] {
	const found: string[] = [];
	for (const [, , specifier = ""] of readFileSync(join(dist, file), "utf8").matchAll(
		relativeImport,
	)) {
		const target = resolve(dist, dirname(file), specifier);
		if (!specifier.endsWith(".js") || !existsSync(target)) {
			found.push(`dist/${file} imports ${specifier}, which is not there`);
		}
	}
	if (/^server\b|\.test\./.test(file)) found.push(`dist/${file} does not belong in the package`);
	if (!existsSync(join(dist, file.replace(/(\.d\.ts|\.js)$/, ".d.ts")))) {
		found.push(`dist/${file} has no types`);
	}
	return found;
}

/** Nothing half-built stays behind: tsc writes its files even when it finds errors. */
function fail(message: string): never {
	rmSync(dist, { recursive: true, force: true });
	console.error(`edge-sse: the build failed: ${message}`);
	process.exit(1);
}
