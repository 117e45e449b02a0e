/**
 * `npm run build`: the package's files, from an empty `dist`: declarations, one for each source, and the JavaScript of
 * the entries. Nothing is minified, so that what is read in `node_modules` is nearly what is read in `src`; comments are
 * in the declarations, where editors show them.
 */
import { rmSync } from "node:fs";
import { commandFile, writeCommand } from "./build/command.ts";
import { writeDeclarations } from "./build/declarations.ts";
import { writeJavaScript } from "./build/javascript.ts";
import { dist, listed } from "./build/paths.ts";
import { problemsOf } from "./build/problems.ts";

rmSync(dist, { recursive: true, force: true });
try {
	writeDeclarations();
	await writeJavaScript();
	const problems = listed(dist).flatMap(problemsOf);
	if (problems.length > 0) throw new Error(problems.join("\n"));
	// Not looked at: it is nobody's to import, and has no types, and other people's code in it.
	await writeCommand();
} catch (error) {
	// Nothing half-built stays behind: tsc writes its files even when it finds errors.
	rmSync(dist, { recursive: true, force: true });
	console.error(`edge-sse: the build failed: ${(error as Error).message}`);
	process.exit(1);
}
const modules = listed(dist).filter((file) => file.endsWith(".js") && file !== commandFile);
console.log(`edge-sse: built ${modules.length} modules, and the command`);
