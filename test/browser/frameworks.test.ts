import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build, type Plugin } from "esbuild";
import type { Browser } from "playwright-core";
import { compileModule } from "svelte/compiler";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { toNodeHandler } from "../../src/adapters/node.ts";
import { memory } from "../../src/connectors/memory.ts";
import { ServerSentEvents } from "../../src/core/sse.ts";
import { snippet } from "../docs/snippets.ts";
import { run, temporaryFolder } from "../package/support.ts";
import { overHttp } from "../runtimes/node/hosts.ts";
import { until } from "../support/wait.ts";
import { openBrowser, openPage } from "./support.ts";

/** The code of docs/client.md for Vue, Svelte and Solid, as it is there, in Chromium. */

let browser: Browser;
beforeAll(async () => {
	browser = await openBrowser();
});
afterAll(() => browser?.close());

/**
 * For each: text that is found only in its snippet, a component around it, which `unmount` ends, and the same
 * rendered by a server to `html`.
 */
const frameworks: Record<string, { text: string; program: string; served: string }> = {
	Vue: {
		text: 'from "vue"',
		program: `
			import { createApp, h } from "vue";
			import { useLatest } from "docs";
			const app = createApp({
				setup() {
					const latest = useLatest(events, "price");
					return () => h("output", String(latest.value));
				},
			});
			app.mount(main);
			globalThis.unmount = () => app.unmount();`,
		served: `
			import { createSSRApp, h } from "vue";
			import { renderToString } from "vue/server-renderer";
			import { useLatest } from "docs";
			const setup = () => {
				const latest = useLatest(events, "price");
				return () => h("output", String(latest.value));
			};
			const html = await renderToString(createSSRApp({ setup }));`,
	},
	Svelte: {
		text: 'from "svelte/reactivity"',
		program: `
			import { latestOf } from "docs";
			import { watch } from "effect";
			const latest = latestOf(events, "price");
			const output = main.appendChild(document.createElement("output"));
			globalThis.unmount = watch(() => { output.textContent = String(latest.current); });`,
		served: `
			import { latestOf } from "docs";
			const html = "<output>" + latestOf(events, "price").current + "</output>";`,
	},
	Solid: {
		text: 'from "solid-js"',
		program: `
			import { createRoot, createEffect } from "solid-js";
			import { createLatest } from "docs";
			const output = main.appendChild(document.createElement("output"));
			createRoot((dispose) => {
				globalThis.unmount = dispose;
				const latest = createLatest(events, "price");
				createEffect(() => { output.textContent = String(latest()); });
			});`,
		served: `
			import { renderToString, ssr } from "solid-js/web";
			import { createLatest } from "docs";
			const html = renderToString(() => {
				const latest = createLatest(events, "price");
				return ssr("<output>" + String(latest()) + "</output>");
			});`,
	},
};

// What a component's markup is compiled to.
const effect = "export const watch = (run) => $effect.root(() => { $effect(run); });";

const client = `
import { EventClient } from "../../src/client.ts";
const events = new EventClient("/stream");
`;
const inPage = `${client} const main = document.querySelector("main");`;

async function bundle(text: string, program: string, onServer = false): Promise<string> {
	const modules: Record<string, string> = {
		docs: snippet("docs/client.md", text).code,
		effect: compileModule(effect, { filename: "effect.svelte.js" }).js.code,
	};
	const given: Plugin = {
		name: "given",
		setup({ onResolve, onLoad }) {
			onResolve({ filter: /^(docs|effect)$/ }, ({ path }) => ({ path, namespace: "given" }));
			onLoad({ filter: /./, namespace: "given" }, ({ path }) => ({
				contents: modules[path] ?? "",
				...{ loader: "ts", resolveDir: import.meta.dirname },
			}));
		},
	};
	const { outputFiles } = await build({
		stdin: { contents: program, resolveDir: import.meta.dirname },
		...{ bundle: true, write: false, format: "esm", platform: onServer ? "node" : "browser" },
		define: {
			"process.env.NODE_ENV": '"development"',
			__VUE_OPTIONS_API__: "false",
			__VUE_PROD_DEVTOOLS__: "false",
			__VUE_PROD_HYDRATION_MISMATCH_DETAILS__: "false",
		},
		plugins: [given],
	});
	return outputFiles.map((file) => file.text).join("");
}

test.each(Object.entries(frameworks))(
	"%s: shows the latest data while it is mounted",
	async (_, { text, program }) => {
		const script = await bundle(text, inPage + program);
		const sse = new ServerSentEvents({ connector: memory() });
		onTestFinished(() => sse.close());
		const files: Record<string, [type: string, text: string]> = {
			"/": [
				"text/html",
				'<!doctype html><link rel="icon" href="data:,"><main></main><script type="module" src="/app.js"></script>',
			],
			"/app.js": ["text/javascript", script],
		};
		const handler = toNodeHandler((request, host) => {
			const [type, body] = files[new URL(request.url).pathname] ?? [];
			if (type === undefined) return sse.fetch(request, host);
			return new Response(body, { headers: { "content-type": type } });
		});
		const app = await overHttp(handler);
		const { page, complaints } = await openPage(browser);
		onTestFinished(() => page.context().close());
		await page.goto(app.url);
		await page.locator("output", { hasText: "undefined" }).waitFor();
		await until(() => sse.stats().connections === 1, { what: "the stream" });
		for (const price of [1, 25]) {
			await sse.publish(price, { type: "price" });
			await page.locator("output", { hasText: String(price) }).waitFor();
		}
		await page.evaluate("unmount()");
		await until(() => sse.stats().connections === 0, { what: "the end of the stream" });
		expect(complaints).toEqual([]);
	},
);

test.each(Object.entries(frameworks))(
	"%s: a server renders it and opens nothing",
	async (_, { text, served }) => {
		// Where there is no EventSource, listening throws.
		const file = join(temporaryFolder(), "served.mjs");
		const print = "console.log(html, events.state);";
		await writeFile(file, await bundle(text, client + served + print, true));
		const { code, output } = await run("node", [file]);
		expect({ code, output }).toEqual({ code: 0, output: "<output>undefined</output> closed\n" });
	},
);
