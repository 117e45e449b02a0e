import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { entriesWith } from "./entries.ts";
import { type Installed, install, succeed } from "./installed.ts";

/** The files that Node loads for an import of the installed package, with all client libraries at hand. */

// Prints the URL of every module that is loaded after this hook.
const tracer = `
import { registerHooks } from "node:module";
registerHooks({
	load(url, context, nextLoad) {
		console.log(url);
		return nextLoad(url, context);
	},
});
`;

/** How many of our files each entry may load: its own and shared ones. Entries without a row may load three. */
const mostFiles: Record<string, number> = {
	"edge-sse": 8, // with the connectors that the environment may name
	"edge-sse/publish": 7, // with its targets for brokers, of which the edge has fewer
	"edge-sse/runs": 4, // its own, and those it shares with the main entry
	"edge-sse/presence": 4,
	"edge-sse/relay": 4,
	"edge-sse/redis": 4,
	"edge-sse/upstash": 4,
	"edge-sse/client": 1, // a page may load it without a bundler
	"edge-sse/react": 1,
	"edge-sse/hono": 1,
};

// The parser of event streams: a few functions, and no client library.
const eager = "eventsource-parser";

let installed: Installed;
beforeAll(async () => {
	installed = await install();
	await writeFile(join(installed.folder, "tracer.js"), tracer);
	return installed.remove;
});

async function loadedBy(code: string, condition = "default"): Promise<string[]> {
	const conditions = `--conditions=${condition}`;
	const args = ["--import", "./tracer.js", conditions, "--input-type=module", "--eval", code];
	const { stdout } = await succeed("node", args, installed.folder);
	return stdout.split("\n").filter((line) => line !== "");
}

test("importing edge-sse loads its own modules and no client library", async () => {
	const loaded = await loadedBy('await import("edge-sse");');
	expect(loaded).toContainEqual(expect.stringMatching(/edge-sse\/dist\/index\.js$/));
	const known = ["/node_modules/edge-sse/dist/", `/node_modules/${eager}/`];
	expect(loaded.filter((url) => !known.some((path) => url.includes(path)))).toEqual([]);
});

// Each file costs time, however small. With 78 files the import of edge-sse took three times as long.
test.each(entriesWith("node", "react"))("importing %s loads few files", async (entry) => {
	const loaded = await loadedBy(`await import("${entry}");`);
	const own = loaded.filter((url) => url.includes("/node_modules/edge-sse/dist/"));
	expect(own).not.toEqual([]);
	expect(own.length, own.join("\n")).toBeLessThanOrEqual(mostFiles[entry] ?? 3);
});

test("for the edge, importing edge-sse does not load our Redis client over TCP", async () => {
	const code = 'await import("edge-sse");';
	const isClient = (url: string) => url.endsWith("/edge-sse/dist/shared/redis.js");
	expect((await loadedBy(code)).filter(isClient)).toHaveLength(1);
	for (const condition of ["workerd", "edge-light"]) {
		expect((await loadedBy(code, condition)).filter(isClient)).toEqual([]);
	}
});

test("redis() loads @redis/client at its first use and not when it is made", async () => {
	const made =
		'const { redis } = await import("edge-sse/redis"); ' +
		'const c = redis("redis://127.0.0.1:1", { timeout: 500 });';
	const isLibrary = (url: string) => url.includes("/node_modules/@redis/client/");
	expect((await loadedBy(made)).filter(isLibrary)).toEqual([]);
	const used = `${made} await c.publish("a", "b").catch(() => undefined); await c.close();`;
	expect((await loadedBy(used)).filter(isLibrary)).not.toEqual([]);
});
