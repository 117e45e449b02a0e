import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Installed, install, libraries } from "../package/installed.ts";
import { run } from "../package/support.ts";
import { documentsWithGiven, givenTo, unused } from "./given.ts";
import { type Snippet, snippets, snippetsOf } from "./snippets.ts";

/** Every snippet that a compiler understands, compiled as in a user's project: against what is packed. */

const compiled = new Set(["ts", "tsx", "js", "jsx"]);
// The quickstart's are the examples' very files (test/examples/quickstart.test.ts), compiled and run with these.
const programs = snippets.filter(
	({ language, document }) => compiled.has(language) && document !== "docs/quickstart.md",
);
const documents = [...new Set(programs.map(({ document }) => document))];

// What snippets import of others: a user would have installed it.
const companions = ["hono", "zod", "@opentelemetry/api"];

let installed: Installed;
beforeAll(async () => {
	installed = await install([...libraries, ...companions]);
});
afterAll(() => installed.remove());

test.each(documents)("%s: each snippet compiles", async (document) => {
	const own = programs.filter((program) => program.document === document);
	expect(await complaints(own, givenTo(document))).toEqual([]);
});

test.each(documentsWithGiven)(
	"%s: what is declared for its snippets is used by one",
	(document) => {
		const own = programs.filter((program) => program.document === document);
		expect(own).not.toEqual([]);
		expect(unused(document, own.map(({ code }) => code).join("\n"))).toEqual([]);
	},
);

// Without these a compiler that is told too little would say yes to everything.
describe("a snippet does not compile, and its line is told,", () => {
	const wrong: Record<string, [line: number, code: string]> = {
		"with an option that there is not": [
			2,
			"new ServerSentEvents({\n  connector, keepalive: 1 });",
		],
		"with a name from nowhere": [1, "await sse.publish(nothing);"],
		"with an entry that there is not": [1, 'import { sse } from "edge-sse/nowhere";'],
		"as options, with one that there is not": [1, "authorise: () => true,"],
		"with a method that there is not": [1, "sse.broadcast({});"],
	};

	test.each(Object.entries(wrong))("%s", async (_, [line, code]) => {
		const own = snippetsOf("wrong.md", `Text\n\n\`\`\`ts\n${code}\n\`\`\``);
		const found = await complaints(own, givenTo("wrong.md"));
		expect(found).toEqual([expect.stringMatching(new RegExp(`^wrong.md:${line + 3}:`))]);
	});
});

let folders = 0;

/** What tsc has to say, each with the document's own line. */
async function complaints(own: readonly Snippet[], given: string): Promise<string[]> {
	const folder = join(installed.folder, `document-${++folders}`);
	await mkdir(folder);
	const compilerOptions = {
		...{ module: "ESNext", moduleResolution: "Bundler", target: "ES2023" },
		...{ lib: ["ES2024", "DOM", "DOM.Iterable", "DOM.AsyncIterable"], types: [] },
		...{ strict: true, allowJs: true, checkJs: true, jsx: "preserve" },
		...{ noEmit: true, skipLibCheck: true },
	};
	await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions }));
	await writeFile(join(folder, "given.d.ts"), given);
	for (const { line, language, code } of own) {
		// On its own lines: what tsc says of a line is said of the document's.
		const text = `${"\n".repeat(line - 2)}${asModule(code, language)}`;
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
