import { readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { beforeAll, expect, test } from "vitest";
import { objectWorkerBudget, workerBudget } from "./entries.ts";
import { type Installed, install } from "./installed.ts";

let installed: Installed;
beforeAll(async () => {
	installed = await install();
	return installed.remove;
});

/** Bundles a Worker's code as wrangler does. Returns the modules, the external imports and the size. */
async function bundle(code: string) {
	const { metafile, outputFiles } = await build({
		stdin: { contents: code, resolveDir: installed.folder },
		absWorkingDir: installed.folder,
		bundle: true,
		minify: true,
		format: "esm",
		target: "es2022",
		platform: "neutral",
		conditions: ["workerd", "worker", "browser"],
		mainFields: ["browser", "module", "main"],
		external: ["node:*", "cloudflare:*", ...builtinModules],
		metafile: true,
		write: false,
	});
	const [output] = Object.values(metafile.outputs);
	return {
		text: outputFiles.map(({ text }) => text).join(""),
		modules: Object.keys(output?.inputs ?? {}),
		imports: [...new Set((output?.imports ?? []).map(({ path }) => path))],
		gzipped: outputFiles.reduce(
			(sum, { contents }) => sum + gzipSync(contents, { level: 9 }).byteLength,
			0,
		),
	};
}

/** Whether a file is a TCP client's module, or one of ours that contains code for one. */
function hasTcpClient(path: string): boolean {
	if (/@redis|ioredis/.test(path)) return true;
	const ours = path.includes("edge-sse/dist/");
	// The build writes the path of its source above each part.
	return (
		ours &&
		/^\/\/ src\/connectors\/redis(\.ts|\/)/m.test(
			readFileSync(join(installed.folder, path), "utf8"),
		)
	);
}

const worker = (code: string) => `${code}\nexport { SseChannel } from "edge-sse/durable-object";`;

test.each([
	["edge-sse", 'export { sse as default } from "edge-sse";', []],
	["edge-sse/upstash", 'export { upstash } from "edge-sse/upstash";', []],
	[
		"edge-sse/durable-object",
		worker(
			'import { durableObject } from "edge-sse/durable-object"; import { ServerSentEvents } from "edge-sse";\n' +
				"export default new ServerSentEvents({ connector: (env) => durableObject(env.SSE) });",
		),
		["cloudflare:workers"],
	],
])(
	"a Worker with %s contains no TCP client, imports nothing of Node and keeps to its size",
	async (_, code, host) => {
		const { modules, imports, gzipped } = await bundle(code);
		expect(modules.some((path) => path.includes("edge-sse/dist/"))).toBe(true);
		expect(modules.filter(hasTcpClient)).toEqual([]);
		expect(imports).toEqual(host);
		expect(gzipped).toBeLessThanOrEqual(host.length > 0 ? objectWorkerBudget : workerBudget);
	},
);

test("a Worker with upstash() contains no client of @upstash/redis and no polling(), unless it imports them", async () => {
	const polls = "The channel is polled instead";
	const without = await bundle('export { upstash } from "edge-sse/upstash";');
	expect(without.modules.filter((path) => path.includes("@upstash/redis"))).toEqual([]);
	expect(without.text).not.toContain(polls);
	const all = await bundle(
		'export { polling, upstash } from "edge-sse/upstash"; export { Redis } from "@upstash/redis/cloudflare";',
	);
	expect(all.modules.some((path) => path.includes("@upstash/redis"))).toBe(true);
	expect(all.text).toContain(polls);
});

test("a Worker with edge-sse/redis contains the TCP client, so the test above would find it", async () => {
	const { modules, imports } = await bundle('export { redis } from "edge-sse/redis";');
	expect(modules.some((path) => path.includes("@redis/client"))).toBe(true);
	expect(modules.filter(hasTcpClient).some((path) => path.includes("edge-sse/dist/"))).toBe(true);
	expect(imports.length).toBeGreaterThan(0);
});
