import { build } from "esbuild";
import type { Browser } from "playwright-core";
import { createElement, StrictMode } from "react";
import { renderToString } from "react-dom/server";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { toNodeHandler } from "../../src/adapters/node.ts";
import { memory } from "../../src/connectors/memory.ts";
import { ServerSentEvents } from "../../src/core/sse.ts";
import { overHttp } from "../runtimes/node/hosts.ts";
import { until } from "../support/wait.ts";
import { App } from "./react-app.ts";
import { openBrowser, openPage } from "./support.ts";

/** `edge-sse/react` in React's development build, in `StrictMode`, which mounts everything twice. */

let browser: Browser;
let script: string;
beforeAll(async () => {
	[browser, script] = await Promise.all([openBrowser(), bundle()]);
});
afterAll(() => browser?.close());

const page = (markup: string) =>
	`<!doctype html><link rel="icon" href="data:,"><main>${markup}</main><script type="module" src="/app.js"></script>`;

// A mutation observer gets nothing: the nodes show whether the server's markup stayed.
const mounting = `
import { createElement, StrictMode } from "react";
import { createRoot, hydrateRoot } from "react-dom/client";
import * as app from "./react-app.ts";
const main = document.querySelector("main");
const element = createElement(StrictMode, null, createElement(app.App));
const served = main.firstElementChild;
const onRecoverableError = (error) => console.error(error);
const root = served === null ? createRoot(main) : hydrateRoot(main, element, { onRecoverableError });
if (served === null) root.render(element);
Object.assign(globalThis, {
	unmount: () => root.unmount(),
	subscriptions: () => app.subscriptions,
	isServed: () => served === main.firstElementChild,
});
`;

async function bundle(): Promise<string> {
	const { outputFiles } = await build({
		stdin: { contents: mounting, resolveDir: import.meta.dirname },
		...{ bundle: true, write: false, format: "esm" },
		define: { "process.env.NODE_ENV": '"development"' },
	});
	return outputFiles.map(({ text }) => text).join("");
}

/** A page with this markup, and the server of its events. */
async function open(markup: string) {
	let opened = 0;
	const connector = memory({ history: {} });
	const sse = new ServerSentEvents({ connector, onConnect: () => opened++ });
	onTestFinished(() => sse.close());
	const files: Record<string, [type: string, text: string]> = {
		"/": ["text/html", page(markup)],
		"/app.js": ["text/javascript", script],
	};
	const handler = toNodeHandler((request, host) => {
		const [type, text] = files[new URL(request.url).pathname] ?? [];
		if (type === undefined) return sse.fetch(request, host);
		return new Response(text, { headers: { "content-type": type } });
	});
	const app = await overHttp(handler);
	const { page: tab, complaints } = await openPage(browser);
	onTestFinished(() => tab.context().close());
	await tab.goto(app.url);
	const say = (text: string) => sse.publish({ text }, { type: "word" });
	const latest = tab.locator("#latest");
	const hears = (text: string) => tab.getByRole("listitem").filter({ hasText: text }).waitFor();
	await tab.getByText("open", { exact: true }).waitFor();
	return { tab, sse, say, latest, hears, complaints, opened: () => opened };
}

test("one stream, each event once, the latest listener without a new subscription, and an end", async () => {
	const { tab, sse, say, latest, hears, complaints, opened } = await open("");
	expect(await latest.textContent()).toBe('"nothing"');
	// Two hooks that listen, and StrictMode.
	expect(await tab.evaluate("subscriptions()")).toBe(4);
	await say("one");
	await hears("0: one (an id)");
	expect(await latest.textContent()).toBe('{"text":"one"}');
	for (let n = 0; n < 3; n++) await tab.getByText("Render").click();
	await say("two");
	await hears("3: two (an id)");
	expect(await tab.getByRole("listitem").count()).toBe(2);
	expect(await tab.evaluate("subscriptions()")).toBe(4);

	await tab.getByText("Count").click();
	expect(await latest.textContent()).toBe('"nothing"');
	expect(await tab.evaluate("subscriptions()")).toBe(5);
	await sse.publish(7, { type: "count" });
	await tab.locator("#latest", { hasText: "7" }).waitFor();
	await say("three");
	await hears("3: three (an id)");
	expect(await latest.textContent()).toBe("7");

	expect({ opened: opened(), now: sse.stats().connections }).toEqual({ opened: 1, now: 1 });
	await tab.evaluate("unmount()");
	await until(() => sse.stats().connections === 0, { what: "the end of the stream" });
	expect({ opened: opened(), complaints }).toEqual({ opened: 1, complaints: [] });
});

test("a server's markup is hydrated without a change", async () => {
	const markup = renderToString(createElement(StrictMode, null, createElement(App)));
	expect(markup).toContain('<output id="state">closed</output>');
	expect(markup).toContain('<output id="latest">&quot;nothing&quot;</output>');
	const { tab, sse, say, latest, hears, complaints, opened } = await open(markup);
	expect(await tab.evaluate("isServed()")).toBe(true);
	await say("one");
	await hears("0: one (an id)");
	expect(await latest.textContent()).toBe('{"text":"one"}');
	expect(await tab.getByRole("listitem").count()).toBe(1);
	await tab.evaluate("unmount()");
	await until(() => sse.stats().connections === 0, { what: "the end of the stream" });
	expect({ opened: opened(), complaints }).toEqual({ opened: 1, complaints: [] });
});
