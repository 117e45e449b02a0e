import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { run } from "../package/support.ts";
import type { Snippet } from "./snippets.ts";

/** The languages that a compiler understands. */
export const compiled: ReadonlySet<string> = new Set(["ts", "tsx", "js", "jsx"]);

/** Packages that snippets import and a user would have installed. */
export const companions = [
	...["hono", "zod", "@opentelemetry/api"],
	...["ai", "@tanstack/ai", "assistant-stream", "@modelcontextprotocol/client"],
	...["react", "@types/react", "vue", "svelte", "solid-js"],
];

/** Snippets that are compiled together, apart from others. */
export interface Source {
	/** The document that tsc's errors name. */
	document: string;
	own: readonly Snippet[];
	/** Declarations that the snippets need. */
	given: string;
}

const compilerOptions = {
	...{ module: "ESNext", moduleResolution: "Bundler", target: "ES2023" },
	...{ lib: ["ES2024", "DOM", "DOM.Iterable", "DOM.AsyncIterable"], types: [] },
	...{ strict: true, allowJs: true, checkJs: true, jsx: "react-jsx" },
	...{ noEmit: true, skipLibCheck: true },
};

/**
 * The errors of tsc for each source's snippets, with the line in the document. All are compiled in one run: a
 * run for each would read the same declarations again, which took five times as long.
 *
 * @param project a folder in which the package is installed.
 */
export async function complaints(project: string, sources: readonly Source[]): Promise<string[][]> {
	const folders = sources.map((_, at) => `document-${at}`);
	for (const [at, { own, given }] of sources.entries()) {
		const folder = join(project, `document-${at}`);
		await mkdir(folder);
		await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions }));
		await writeFile(join(folder, "given.d.ts"), given);
		for (const { line, language, code } of own) {
			// Padded, so that a line number of tsc is that of the document.
			const text = `${"\n".repeat(Math.max(line - 2, 0))}${asModule(code, language)}`;
			await writeFile(join(folder, `line${line}.${language}`), text);
		}
	}
	const { code, output } = await run(
		"tsc",
		["-b", ...folders, "--pretty", "false"],
		project,
		patience,
	);
	const lines = output.split("\n").filter((line) => /\berror TS\d+/.test(line));
	const found = sources.map(({ document }, at) => {
		const path = `document-${at}/`;
		const own = lines
			.filter((line) => line.startsWith(path))
			.map((line) => line.slice(path.length));
		return own.map((line) => line.replace(/^line\d+\.\w+\((\d+),(\d+)\)/, `${document}:$1:$2`));
	});
	if ((code === 0) !== (lines.length === 0) || found.flat().length !== lines.length) {
		throw new Error(`tsc (${code}): ${output}`);
	}
	return found;
}

/** The time for compiling all documents, in ms. */
export const patience = 110_000;

/** The snippet as a module, with one line before it. */
function asModule(code: string, language: string): string {
	// A snippet that begins with a property is a part of the options of `ServerSentEvents`.
	const options = language === "ts" && /^\w+: /.test(code);
	if (!options) return `\n${code}\nexport {};\n`;
	const type = 'Partial<import("edge-sse").ServerSentEventsOptions>';
	return `export const options: ${type} = {\n${code}\n};\n`;
}
