import { join } from "node:path";
import { build } from "esbuild";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { toNodeHandler } from "../../src/adapters/node.ts";
import { memory } from "../../src/connectors/memory.ts";
import { ServerSentEvents } from "../../src/core/sse.ts";
import { openBrowser, openPage } from "../browser/support.ts";
import { overHttp } from "../runtimes/node/hosts.ts";
import { freePort } from "../support/ports.ts";
import { startProgram } from "../support/server.ts";
import { until } from "../support/wait.ts";
import { command, examples } from "./readme.ts";

/** The examples that are pages, in Chromium. */

let browser: Browser;
beforeAll(async () => {
	browser = await openBrowser();
});
afterAll(() => browser?.close());

async function open(url: string) {
	const { page, complaints } = await openPage(browser);
	onTestFinished(() => page.context().close());
	await page.goto(url);
	return { page, complaints };
}

test("browser: the page with a plain EventSource hears all tabs, and reconnects", async () => {
	const server = await startProgram(command("browser"), {
		announces: /Listening on (http:\S+)/,
		env: { PORT: String(await freePort()) },
	});
	onTestFinished(() => server.kill());
	const { page, complaints } = await open(server.url);
	await page.getByText("open", { exact: true }).waitFor();
	const other = await open(server.url);
	await other.page.getByText("open", { exact: true }).waitFor();
	await page.getByRole("button").click();
	for (const each of [page, other.page]) await each.getByText("Hello!").waitFor();
	expect([...complaints, ...other.complaints]).toEqual([]);

	await server.kill();
	await page.getByText("reconnecting").waitFor();
});

test("react: the component has one stream, also in StrictMode, and none after unmounting", async () => {
	let opened = 0;
	const sse = new ServerSentEvents({ connector: memory(), onConnect: () => opened++ });
	onTestFinished(() => sse.close());
	const script = await bundledReact();
	const files: Record<string, [type: string, text: string]> = {
		"/": ["text/html", page('<main></main><script type="module" src="/app.js"></script>')],
		"/app.js": ["text/javascript", script],
	};
	const handler = toNodeHandler((request, host) => {
		const [type, text] = files[new URL(request.url).pathname] ?? [];
		if (type === undefined) return sse.fetch(request, host);
		return new Response(text, { headers: { "content-type": type } });
	});
	const app = await overHttp(handler);
	const { page: tab, complaints } = await open(app.url);
	await tab.getByText("open", { exact: true }).waitFor();
	expect(opened).toBe(1);
	await sse.publish({ message: "Hello!" }, { type: "greeting" });
	await tab.getByRole("listitem").waitFor();
	expect(await tab.getByRole("listitem").allTextContents()).toEqual(["Hello!"]);

	expect(sse.stats().connections).toBe(1);
	await tab.evaluate("unmount()");
	await until(() => sse.stats().connections === 0, { what: "the end of the stream" });
	expect(complaints).toEqual([]);
	expect(opened).toBe(1);
});

const page = (body: string) => `<!doctype html><link rel="icon" href="data:,">${body}`;

const mounting = `
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Greetings } from "./Greetings.tsx";
const react = createRoot(document.querySelector("main"));
react.render(<StrictMode><Greetings /></StrictMode>);
globalThis.unmount = () => react.unmount();
`;

async function bundledReact(): Promise<string> {
	const { outputFiles } = await build({
		stdin: { contents: mounting, resolveDir: join(examples, "react"), loader: "tsx" },
		bundle: true,
		write: false,
		format: "esm",
		jsx: "automatic",
		// Only outside of production StrictMode mounts twice.
		define: { "process.env.NODE_ENV": '"development"' },
	});
	return outputFiles.map(({ text }) => text).join("");
}
