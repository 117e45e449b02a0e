import { readdirSync } from "node:fs";
import { join } from "node:path";
import { build, type Plugin } from "esbuild";
import { expect, test } from "vitest";
import { root } from "./support.ts";

/**
 * Many sources share a file of dist. A bundler that takes something from a file keeps every statement of it
 * that might have an effect when loaded. To a bundler `new TextEncoder()` might, so it must be marked as pure.
 */

const dist = join(root, "dist");
const files = readdirSync(dist, { recursive: true, encoding: "utf8" }).filter(
	// The size of testing.js matters in no bundle, and cli.js is in none.
	(file) => file.endsWith(".js") && file !== "testing.js" && file !== "cli.js",
);

/** What stays nevertheless. */
const kept: Record<string, string[]> = {
	// The inspect method has a computed key, which esbuild takes for an effect.
	"shared/sse.js": ["import {", "import {", "Message"],
};

/** Acts as if package.json had no `sideEffects`, which lets bundlers leave out whole files unseen. */
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

test.each(files)("a bundle that uses nothing of %s contains nothing of it", async (file) => {
	const { outputFiles } = await build({
		stdin: { contents: `import ${JSON.stringify(join(dist, file))};` },
		...{ bundle: true, format: "esm", platform: "neutral", write: false, plugins: [seen] },
	});
	const statements = outputFiles.flatMap(({ text }) => text.match(/^\w.*/gm) ?? []);
	const others = statements.filter((line) => !/^(async )?function\b/.test(line));
	expect(others.map((line) => /^var (\w+) =/.exec(line)?.[1] ?? line)).toEqual(kept[file] ?? []);
});
