import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { type Installed, install, succeed } from "./installed.ts";

/** What ships is what is run here: the tarball, installed, on the runtimes that need no bundler. */

// Streams and publishes, and tells what came.
const program = `
const begun = performance.now();
const { ServerSentEvents, Message } = await import("edge-sse");
const importTime = performance.now() - begun;
const { memory } = await import("edge-sse/memory");
const sse = new ServerSentEvents({ connector: memory() });
const response = await sse.fetch(new Request("http://localhost/any/path?channel=news"));
const { receivers } = await sse.publish({ text: "héllo" }, { type: "greeting", id: 7, channel: "news" });
const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
let text = "";
while (!text.includes("greeting")) text += (await reader.read()).value;
await sse.close();
console.log(JSON.stringify({
	importTime,
	receivers,
	text,
	type: response.headers.get("content-type"),
	frame: new Message("a\\nb").toString(),
}));
`;

// Everything that is loaded from the moment on when the hooks stand, one URL a line.
const tracer = `
import { registerHooks } from "node:module";
registerHooks({
	load(url, context, nextLoad) {
		console.log(url);
		return nextLoad(url, context);
	},
});
`;

// The parser of event streams: a few functions, and no client of anything.
const eager = "eventsource-parser";

let bare: Installed;
let linked: Installed;
beforeAll(async () => {
	[bare, linked] = await Promise.all([install([eager]), install()]);
	await writeFile(join(bare.folder, "program.js"), program);
	await writeFile(join(linked.folder, "tracer.js"), tracer);
	return () => Promise.all([bare.remove(), linked.remove()]);
});

// No client library is installed there, so none can be loaded; and Deno is granted nothing at all.
describe.each([
	["node", []],
	["bun", ["--no-install"]],
	["deno", ["run", "--no-prompt", "--cached-only", "--node-modules-dir=manual"]],
])("on %s, without any client library", (runtime, args) => {
	test("the built files stream and publish", async () => {
		const { stdout } = await succeed(runtime, [...args, "program.js"], bare.folder);
		const { importTime, ...result } = JSON.parse(stdout);
		console.log(`import "edge-sse" on ${runtime}: ${importTime.toFixed(1)} ms`);
		expect(result).toEqual({
			receivers: 1,
			text: ':\n\nevent:greeting\ndata:{"text":"héllo"}\nid:7\n\n',
			type: "text/event-stream",
			frame: "data:a\ndata:b\n\n",
		});
	});
});

async function loadedBy(code: string): Promise<string[]> {
	const args = ["--import", "./tracer.js", "--input-type=module", "--eval", code];
	const { stdout } = await succeed("node", args, linked.folder);
	return stdout.split("\n").filter((line) => line !== "");
}

describe("on node, with the client libraries", () => {
	test("the import loads this package's own modules, and none of them", async () => {
		const loaded = await loadedBy('await import("edge-sse");');
		expect(loaded).toContainEqual(expect.stringMatching(/edge-sse\/dist\/index\.js$/));
		const known = ["/node_modules/edge-sse/dist/", `/node_modules/${eager}/`];
		expect(loaded.filter((url) => !known.some((path) => url.includes(path)))).toEqual([]);
	});

	test("redis() loads @redis/client with its first use, not when it is made", async () => {
		const made =
			'const { redis } = await import("edge-sse/redis"); ' +
			'const c = redis("redis://127.0.0.1:1", { timeout: 500 });';
		const isLibrary = (url: string) => url.includes("/node_modules/@redis/client/");
		expect((await loadedBy(made)).filter(isLibrary)).toEqual([]);
		const used = `${made} await c.publish("a", "b").catch(() => undefined); await c.close();`;
		expect((await loadedBy(used)).filter(isLibrary)).not.toEqual([]);
	});
});
