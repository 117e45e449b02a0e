import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { listen, openScene, openTab, type Scene, seen, when } from "../browser/client-scene.ts";
import { openBrowser } from "../browser/support.ts";
import { startProgram } from "../support/server.ts";
import { until } from "../support/wait.ts";
import { succeed } from "./installed.ts";

/**
 * `edge-sse/client` with other implementations of EventSource, whose events are no `MessageEvent` of the
 * browser.
 */

const libraries = {
	"event-source-polyfill@1.0.31":
		'export { EventSourcePolyfill as EventSource } from "event-source-polyfill";',
	// The one for React Native: it has no readyState, its events are plain objects, and it uses XMLHttpRequest,
	// which browsers have too.
	"react-native-sse@1.2.1": 'export { default as EventSource } from "react-native-sse";',
	"eventsource@2.0.2": 'export { default as EventSource } from "eventsource";',
};

let browser: Browser;
let folder: string;
const scenes: Scene[] = [];
beforeAll(async () => {
	browser = await openBrowser();
	folder = await mkdtemp(join(tmpdir(), "edge-sse-libraries-"));
	await writeFile(join(folder, "package.json"), '{ "type": "module", "private": true }\n');
	const flags = [
		"--prefer-offline",
		"--ignore-scripts",
		"--no-audit",
		"--no-fund",
		"--loglevel=error",
	];
	await succeed("npm", ["install", ...flags, ...Object.keys(libraries)], folder);
});
afterAll(async () => {
	await browser.close();
	await Promise.all(scenes.map((scene) => scene.close()));
	await rm(folder, { recursive: true, force: true });
});

async function open(): Promise<Scene> {
	const scene = await openScene();
	scenes.push(scene);
	return scene;
}

/** Bundles a library into one file, for a program or for a page. */
async function bundled(name: keyof typeof libraries, format: "esm" | "iife"): Promise<string> {
	const outfile = join(folder, `${name}.mjs`);
	await build({
		stdin: { contents: libraries[name], resolveDir: folder },
		bundle: true,
		format,
		globalName: "library",
		platform: format === "esm" ? "node" : "browser",
		banner: {
			js:
				format === "esm"
					? 'import { createRequire } from "node:module"; const require = createRequire("/");'
					: "",
		},
		outfile,
	});
	return outfile;
}

for (const name of ["event-source-polyfill@1.0.31", "react-native-sse@1.2.1"] as const) {
	test.concurrent(`${name}: each event comes once, although streams end, break and are refused`, async () => {
		const scene = await open();
		const tab: Page = await openTab(await browser.newContext(), scene);
		await tab.addScriptTag({ path: await bundled(name, "iife") });
		await tab.evaluate("window.EventSource = library.EventSource; 0");
		await listen(tab, "library");
		await tab.evaluate("client.on('error', (data) => seen.push(data)); 0");
		const expected: number[] = [];
		const say = async () => {
			for (const type of ["message", "error"]) {
				await scene.sse.publish(expected.length, { channel: "library", type });
				expected.push(expected.length);
			}
		};
		const all = () => when(tab, `seen.length >= ${expected.length}`);
		await say();
		await all();
		scene.cut();
		await say();
		await all();
		// One answer that is no stream.
		scene.answer = () => {
			scene.answer = undefined;
			return new Response("", { status: 503 });
		};
		scene.cut();
		await say();
		await all();
		await say();
		await all();
		expect(await seen(tab)).toEqual(expected);
		expect(await tab.evaluate("[gaps, errors]")).toEqual([[], []]);
		// The library must not reconnect besides the client.
		await until(() => scene.sse.stats().connections === 1, { what: "one stream" });
		await tab.evaluate("client.close(); 0");
		await until(() => scene.sse.stats().connections === 0, { what: "no stream" });
	});
}

test.concurrent("eventsource@2.0.2 on Node: each event comes once, although a stream breaks", async () => {
	const scene = await open();
	const library = await bundled("eventsource@2.0.2", "esm");
	const fixture = "test/runtimes/fixtures/event-client.ts";
	const program = await startProgram(["node", fixture, `${scene.url}/stream`, library], {
		announces: /"state","open"/,
	});
	try {
		const says = (text: string) => until(() => program.output.includes(text), { what: text });
		await scene.sse.publish(0);
		await says('["message",0]');
		scene.cut();
		await scene.sse.publish(1, { type: "error" });
		await says('["error",1]');
		await scene.sse.publish(2);
		await says('["message",2]');
		expect(program.output.match(/"(message|error)",\d/g)).toHaveLength(3);
	} finally {
		await program.kill();
	}
});
