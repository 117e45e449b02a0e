import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { type Installed, install, succeed } from "./installed.ts";

/** Runs the installed tarball on the runtimes that need no bundler. */

// Streams and publishes, and prints the result.
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

let installed: Installed;
beforeAll(async () => {
	// The parser of event streams: a few functions, and no client library.
	installed = await install(["eventsource-parser"]);
	await writeFile(join(installed.folder, "program.js"), program);
	return installed.remove;
});

// No client library is installed there, so none can be loaded. Deno gets no permission at all.
describe.each([
	["node", []],
	["bun", ["--no-install"]],
	["deno", ["run", "--no-prompt", "--cached-only", "--node-modules-dir=manual"]],
])("on %s, without any client library", (runtime, args) => {
	test("the built files stream and publish", async () => {
		const { stdout } = await succeed(runtime, [...args, "program.js"], installed.folder);
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
