/**
 * `npm run build`: writes the package's files into an empty `dist`: a declaration for each source, and the JavaScript of
 * the entries. The JavaScript is not minified, so that it reads nearly like `src`. Its comments are in the declarations,
 * where editors show them.
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
	// The command is not checked. Nobody imports it, it has no types, and it contains other people's code.
	await writeCommand();
} catch (error) {
	// tsc writes its files even when it finds errors, so half a build is removed.
	rmSync(dist, { recursive: true, force: true });
	console.error(`edge-sse: the build failed: ${(error as Error).message}`);
	process.exit(1);
}
const modules = listed(dist).filter((file) => file.endsWith(".js") && file !== commandFile);
console.log(`edge-sse: built ${modules.length} modules, and the command`);
