import { mkdir, writeFile } from "node:fs/promises";
import { builtinModules } from "node:module";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { workerBudget } from "./entries.ts";
import { entries, type Installed, install, libraries } from "./installed.ts";
import { root } from "./support.ts";

interface Row {
	entry: string;
	/** The program that is bundled. */
	code: string;
	/** Whether imported client libraries are counted. */
	dependencies: boolean;
	/** The bundler's export conditions, besides the usual ones. */
	conditions?: string[];
	/** Whether only the first file is counted, without what it loads later. */
	first?: boolean;
	/** Files that are not counted, because the code loads them only when needed. */
	without?: string[];
	/** The greatest size in bytes, minified and gzipped. */
	budget?: number;
}

const rows: Row[] = [
	{
		entry: "core, without connectors",
		code: 'export { Message, ServerSentEvents } from "edge-sse";',
		dependencies: true,
		// The aim is 10 kB. In kB: history (replay, cursors, recovery) about 5, ordered publishing 3, access
		// and limits 3, messages of refusals 3, reading (JSON, envelope, filters) 3, hosts 2, ending streams in
		// all processes 1.9, the base of runs 0.5, the hook for compression 0.5, the base of presence 0.3, text
		// that Node sends as a string 0.15, limits over several processes 0.1.
		budget: 29_600,
	},
	{
		// The same by public names, with a connector of 2.4 kB, half of it for runs. It shows that unused code
		// is left out.
		entry: "edge-sse with memory()",
		code: 'export { Message, ServerSentEvents } from "edge-sse"; export { memory } from "edge-sse/memory";',
		dependencies: true,
		budget: 32_200,
	},
	{
		// A whole Worker that exports `sse`, with the client of Upstash.
		entry: "sse on Workers, with Upstash",
		code: 'export { sse as default } from "edge-sse";',
		conditions: ["workerd", "worker", "browser"], // as wrangler sets them
		dependencies: true,
		budget: workerBudget,
	},
	{
		// What a page loads at once.
		entry: "edge-sse/client, on an EventSource",
		code: 'export * from "edge-sse/client";',
		dependencies: true,
		first: true,
		budget: 3_000,
	},
	{
		// With what it loads for `fetch` and `channel()`.
		entry: "edge-sse/client, without the fallback",
		code: 'export * from "edge-sse/client";',
		dependencies: true,
		without: ["*/poll.js"],
		budget: 6_000,
	},
	{
		// With what it loads where a proxy holds streams back.
		entry: "edge-sse/client, whole",
		code: 'export * from "edge-sse/client";',
		dependencies: true,
		budget: 7_000,
	},
	{
		// React is the page's own.
		entry: "edge-sse/react, whole",
		code: 'export * from "edge-sse/react";',
		dependencies: false,
		budget: 1_000,
	},
	{
		// The parts of the core in it are counted here. A bundler includes them only once.
		entry: "edge-sse/presence, by itself",
		code: 'export * from "edge-sse/presence";',
		dependencies: true,
		budget: 10_100,
	},
	{
		entry: "edge-sse/auth, with jose",
		code: 'export * from "edge-sse/auth";',
		dependencies: true,
		budget: 15_000,
	},
	{
		// For a function that publishes and does not stream. The aim is 6,000. Keeping messages is 2.6 kB of it
		// (script, keys, limits), of which the script is 1 kB. The check for misspelt options is 0.4 kB.
		entry: "edge-sse/publish with upstash()",
		code: 'export { publish, publishAll, upstash } from "edge-sse/publish";',
		dependencies: true,
		budget: 8_900,
	},
	{
		entry: "edge-sse with redis()",
		code: 'export { ServerSentEvents } from "edge-sse"; export { redis } from "edge-sse/redis";',
		dependencies: true,
	},
	...entries.map((entry) => ({
		entry: `${entry}, our own code`,
		code: `export * from "${entry}";`,
		dependencies: false,
	})),
];

const report: Record<string, { minified: number; gzipped: number; budget?: number }> = {};

let installed: Installed;
beforeAll(async () => {
	installed = await install();
	return installed.remove;
});
afterAll(async () => {
	await mkdir(join(root, "artifacts"), { recursive: true });
	await writeFile(join(root, "artifacts/size.json"), `${JSON.stringify(report, null, "\t")}\n`);
	console.table(report);
});

test.each(rows)("$entry keeps to its budget", async (row) => {
	const { entry, code, dependencies, conditions = [], first = false, without = [], budget } = row;
	const { outputFiles, metafile } = await build({
		stdin: { contents: code, resolveDir: installed.folder },
		bundle: true,
		minify: true,
		format: "esm",
		target: "es2022",
		platform: "neutral",
		conditions,
		mainFields: ["browser", "module", "main"],
		external: [
			...["node:*", "cloudflare:*", ...builtinModules],
			...(dependencies ? [] : libraries),
			...without,
		],
		...(first && { splitting: true, outdir: "out" }),
		metafile: true,
		write: false,
	});
	const parts = Object.values(metafile.outputs);
	// The other files must be loaded by `import()` only.
	if (first) {
		const kinds = new Set(parts.flatMap(({ imports }) => imports.map(({ kind }) => kind)));
		expect([...kinds]).toEqual(["dynamic-import"]);
	}
	const at = parts.findIndex(({ entryPoint }) => entryPoint === "<stdin>");
	const bytes = outputFiles
		.filter((_, index) => !first || index === at)
		.map(({ contents }) => contents);
	const minified = bytes.reduce((sum, { byteLength }) => sum + byteLength, 0);
	const gzipped = bytes.reduce((sum, one) => sum + gzipSync(one, { level: 9 }).byteLength, 0);
	report[entry] = { minified, gzipped, ...(budget === undefined ? {} : { budget }) };
	expect(minified).toBeGreaterThan(0);
	if (budget !== undefined) expect(gzipped).toBeLessThanOrEqual(budget);
});
