import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Installed, install, libraries } from "../package/installed.ts";
import { root } from "../package/support.ts";
import { companions, compiled, complaints, patience, type Source } from "./compiler.ts";
import { givenToSource } from "./given.ts";
import { snippetsOf } from "./snippets.ts";

/** Compiles every example in the sources' comments as in a user's project, against the packed package. */

const examples = globSync("src/**/*.ts", { cwd: root, exclude: ["src/server/**"] })
	.sort()
	.map((file) => sourceOf(file, readFileSync(join(root, file), "utf8")))
	.filter(({ own }) => own.length > 0);

const wrong = sourceOf(
	"a.ts",
	"/**\n * Publishes.\n *\n * ```ts\n * sse.broadcast({});\n * ```\n */",
);

let installed: Installed;
let found: string[][];
beforeAll(async () => {
	installed = await install([...libraries, ...companions]);
	found = await complaints(installed.folder, [...examples, wrong]);
}, 2 * patience);
afterAll(() => installed.remove());

test.each(examples.map(({ document }, at) => [document, at] as const))(
	"%s: each example compiles",
	(_, at) => {
		expect(found[at]).toEqual([]);
	},
);

test("an example that does not compile is reported with its line", () => {
	expect(found.at(-1)).toEqual([expect.stringMatching(/^a\.ts:5:/)]);
});

function sourceOf(document: string, text: string): Source {
	return { document, own: examplesOf(document, text), given: givenToSource(document) };
}

function examplesOf(file: string, source: string) {
	// Blanks everything but comments, so that line numbers stay.
	const lines = source.split("\n").map((line) => /^\s*\* ?(?!\/)(.*)$/.exec(line)?.[1] ?? "");
	return snippetsOf(file, lines.join("\n")).filter(({ language }) => compiled.has(language));
}
