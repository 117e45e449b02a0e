import { readdirSync } from "node:fs";
import { join } from "node:path";
import { build, type Plugin } from "esbuild";
import { expect, test } from "vitest";
import { root } from "./support.ts";

/**
 * Many sources share a file, and a bundler that takes anything of a file keeps whatever of it may do something when it
 * is loaded. `new TextEncoder()` might, as far as a bundler knows: it has to be marked as pure.
 */

const dist = join(root, "dist");
const files = readdirSync(dist, { recursive: true, encoding: "utf8" }).filter(
	// The kit for tests is in no bundle that its size matters to, and the command is in none at all.
	(file) => file.endsWith(".js") && file !== "testing.js" && file !== "cli.js",
);

/** What stays all the same. */
const kept: Record<string, string[]> = {
	// The key of its inspector is computed, and nothing tells esbuild that this is harmless.
	"shared/sse.js": ["import {", "import {", "Message"],
};

/** As if there were no `sideEffects` in package.json, which lets bundlers leave out a whole file unseen. */
const seen: Plugin = {
	name: "seen",
	setup({ onResolve }) {
		onResolve({ filter: /./ }, ({ path, kind, importer }) =>
			importer === "<stdin>" && kind === "import-statement"
				? { path, sideEffects: true }
				: { path, external: true, sideEffects: false },
		);
	},
};

test.each(files)("of %s nothing stays in a bundle that uses nothing of it", async (file) => {
	const { outputFiles } = await build({
		stdin: { contents: `import ${JSON.stringify(join(dist, file))};` },
		...{ bundle: true, format: "esm", platform: "neutral", write: false, plugins: [seen] },
	});
	const statements = outputFiles.flatMap(({ text }) => text.match(/^\w.*/gm) ?? []);
	const others = statements.filter((line) => !/^(async )?function\b/.test(line));
	expect(others.map((line) => /^var (\w+) =/.exec(line)?.[1] ?? line)).toEqual(kept[file] ?? []);
});
