import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { run } from "../package/support.ts";
import type { Snippet } from "./snippets.ts";

/** The languages that a compiler understands. */
export const compiled: ReadonlySet<string> = new Set(["ts", "tsx", "js", "jsx"]);

/** What snippets import of others: a user would have installed it. */
export const companions = [
	...["hono", "zod", "@opentelemetry/api"],
	...["ai", "@tanstack/ai", "assistant-stream", "@modelcontextprotocol/client"],
	...["react", "@types/react", "vue", "svelte", "solid-js"],
];

let folders = 0;

/**
 * What tsc has to say of a document's snippets, each with the document's own line.
 *
 * @param project a folder in which the package is installed.
 * @param given declarations that the snippets take for granted.
 */
export async function complaints(
	project: string,
	own: readonly Snippet[],
	given: string,
): Promise<string[]> {
	const folder = join(project, `document-${++folders}`);
	await mkdir(folder);
	const compilerOptions = {
		...{ module: "ESNext", moduleResolution: "Bundler", target: "ES2023" },
		...{ lib: ["ES2024", "DOM", "DOM.Iterable", "DOM.AsyncIterable"], types: [] },
		...{ strict: true, allowJs: true, checkJs: true, jsx: "react-jsx" },
		...{ noEmit: true, skipLibCheck: true },
	};
	await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions }));
	await writeFile(join(folder, "given.d.ts"), given);
	for (const { line, language, code } of own) {
		// On its own lines: what tsc says of a line is said of the document's.
		const text = `${"\n".repeat(Math.max(line - 2, 0))}${asModule(code, language)}`;
		await writeFile(join(folder, `line${line}.${language}`), text);
	}
	const { code, output } = await run("tsc", ["-p", folder, "--pretty", "false"], folder);
	const lines = output.split("\n").filter((line) => /\berror TS\d+/.test(line));
	if ((code === 0) !== (lines.length === 0)) throw new Error(`tsc (${code}): ${output}`);
	const document = own[0]?.document ?? "";
	return lines.map((line) => line.replace(/^line\d+\.\w+\((\d+),(\d+)\)/, `${document}:$1:$2`));
}

/** A snippet's line before it, and itself. */
function asModule(code: string, language: string): string {
	// What begins as a property does is a part of the options of `ServerSentEvents`.
	const options = language === "ts" && /^\w+: /.test(code);
	if (!options) return `\n${code}\nexport {};\n`;
	const type = 'Partial<import("edge-sse").ServerSentEventsOptions>';
	return `export const options: ${type} = {\n${code}\n};\n`;
}
