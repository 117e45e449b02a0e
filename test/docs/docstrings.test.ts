import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Installed, install, libraries } from "../package/installed.ts";
import { root } from "../package/support.ts";
import { companions, compiled, complaints } from "./compiler.ts";
import { givenToSource } from "./given.ts";
import { snippetsOf } from "./snippets.ts";

/** Every example in a comment of the sources, compiled as in a user's project: against what is packed. */

const examples = globSync("src/**/*.ts", { cwd: root, exclude: ["src/server/**"] })
	.sort()
	.map((file) => ({ file, own: examplesOf(file, readFileSync(join(root, file), "utf8")) }))
	.filter(({ own }) => own.length > 0);

let installed: Installed;
beforeAll(async () => {
	installed = await install([...libraries, ...companions]);
});
afterAll(() => installed.remove());

test.each(examples)("$file: each example compiles", async ({ file, own }) => {
	expect(await complaints(installed.folder, own, givenToSource(file))).toEqual([]);
});

test("an example that does not compile is told, by its line", async () => {
	const text = "/**\n * Publishes.\n *\n * ```ts\n * sse.broadcast({});\n * ```\n */";
	const found = await complaints(installed.folder, examplesOf("a.ts", text), givenToSource("a.ts"));
	expect(found).toEqual([expect.stringMatching(/^a\.ts:5:/)]);
});

function examplesOf(file: string, source: string) {
	// Only comments are left, each on its own line.
	const lines = source.split("\n").map((line) => /^\s*\* ?(?!\/)(.*)$/.exec(line)?.[1] ?? "");
	return snippetsOf(file, lines.join("\n")).filter(({ language }) => compiled.has(language));
}
