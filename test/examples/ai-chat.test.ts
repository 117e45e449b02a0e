import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { openBrowser, openPage } from "../browser/support.ts";
import { call, json } from "../support/hub-client.ts";
import { freePort } from "../support/ports.ts";
import { type Server, startProgram } from "../support/server.ts";
import { tcpProxy } from "../support/tcp-proxy.ts";
import { until } from "../support/wait.ts";
import { command } from "./readme.ts";

/** The chat in Chromium, with the published `useChat`. */

let browser: Browser;
let server: Server;
beforeAll(async () => {
	browser = await openBrowser();
	server = await startProgram(command("ai-chat"), {
		announces: /Listening on (http:\S+)/,
		env: { PORT: String(await freePort()) },
	});
});
afterAll(() => Promise.all([browser?.close(), server?.kill()]));

const counted = (limit: number) => Array.from({ length: limit }, (_, n) => `${n + 1} `).join("");

/** A tab, and the statuses of its requests to resume. */
interface Tab {
	page: Page;
	resumes: number[];
}

async function newChat(url: string = server.url): Promise<Tab & { complaints: string[] }> {
	const { page, complaints } = await openPage(browser);
	onTestFinished(() => page.context().close());
	const resumes = watch(page);
	await page.goto(url);
	await page.getByText("ready", { exact: true }).waitFor();
	await until(() => resumes.length === 1, { what: "the first look for an answer" });
	return { page, resumes, complaints };
}

async function secondTab(context: BrowserContext, url: string): Promise<Tab> {
	const page = await context.newPage();
	const resumes = watch(page);
	await page.goto(url);
	return { page, resumes };
}

function watch(page: Page): number[] {
	const resumes: number[] = [];
	page.on("response", (response) => {
		if (/\/stream\?last=/.test(response.url())) resumes.push(response.status());
	});
	return resumes;
}

async function ask(page: Page, question: string): Promise<void> {
	await page.getByLabel("Question").fill(question);
	await page.getByRole("button", { name: "Ask" }).click();
}

const answer = (page: Page) => page.locator('[data-role="assistant"]').last();

async function says(page: Page, text: string): Promise<void> {
	await answer(page).filter({ hasText: text }).waitFor();
}

async function isOver(page: Page): Promise<void> {
	await page.getByText("ready", { exact: true }).waitFor();
}

/** The texts of all messages that the page shows. */
const shown = (page: Page) => page.locator("[data-role]").allTextContents();

test("a reload during an answer and a second tab get all of it once", async () => {
	const { page, resumes, complaints } = await newChat();
	await ask(page, "Count to 150.");
	await says(page, "20 ");
	const second = await secondTab(page.context(), page.url());
	await page.reload();
	for (const each of [page, second.page]) await says(each, "40 ");
	expect(await page.getByRole("button", { name: "Stop" }).isEnabled()).toBe(true);
	for (const each of [page, second.page]) {
		await isOver(each);
		expect(await shown(each)).toEqual(["Count to 150.", counted(150)]);
	}
	// One request to resume for each load: of the new chat, of the reload and of the second tab.
	expect(resumes).toEqual([204, 200]);
	expect(second.resumes).toEqual([200]);
	expect(complaints).toEqual([]);

	// The next answer replaces this one's run.
	await ask(second.page, "Count to 3.");
	await says(second.page, "3 ");
	await isOver(second.page);
	const all = ["Count to 150.", counted(150), "Count to 3.", counted(3)];
	expect(await shown(second.page)).toEqual(all);
});

test("the stop button of another tab stops the model and all tabs", async () => {
	const { page, complaints } = await newChat();
	await ask(page, "Count to 900.");
	await says(page, "10 ");
	const second = await secondTab(page.context(), page.url());
	await says(second.page, "10 ");
	const stops = () => server.output.split("The model has stopped.").length - 1;
	expect(stops()).toBe(0);
	await second.page.getByRole("button", { name: "Stop" }).click();
	for (const each of [page, second.page]) await isOver(each);
	await until(() => stops() === 1, { what: "the abort of the model's signal" });
	const [, text = ""] = await shown(page);
	const last = Number(text.trim().split(" ").at(-1));
	expect(last).toBeLessThan(900);
	expect(text).toBe(counted(last));
	expect(await shown(second.page)).toEqual(await shown(page));
	await page.reload();
	await isOver(page);
	expect(await shown(page)).toEqual(["Count to 900.", text]);
	expect(complaints).toEqual([]);
});

test("a reload after the end shows the answer, and its request to resume is one 204", async () => {
	const { page, resumes, complaints } = await newChat();
	await ask(page, "Count to 5.");
	await says(page, "5 ");
	await isOver(page);
	resumes.length = 0;
	await page.reload();
	await isOver(page);
	await until(() => resumes.length > 0, { what: "the look for more" });
	// Any further request of the page was sent before this one, and so is answered.
	await page.evaluate("fetch('/api/chat/none')");
	expect(resumes).toEqual([204]);
	expect(await shown(page)).toEqual(["Count to 5.", counted(5)]);
	// Chromium writes every 404 to its console: this one, and no other.
	expect(complaints).toEqual([expect.stringContaining("status of 404")]);
});

test("a page whose request to resume arrives after the answer's end gets all of it", async () => {
	const { page } = await newChat();
	await ask(page, "Count to 150.");
	await says(page, "5 ");
	let go: () => void = () => undefined;
	const isHeld = new Promise<void>((resolve) => {
		go = resolve;
	});
	const late = await page.context().newPage();
	const resumes = watch(late);
	await late.route("**/stream?last=*", async (route) => {
		await isHeld;
		await route.continue();
	});
	const asked = late.waitForRequest("**/stream?last=*");
	await late.goto(page.url());
	await asked;
	expect(await shown(late)).toEqual(["Count to 150."]);
	await isOver(page);
	go();
	await says(late, "150 ");
	await isOver(late);
	expect(await shown(late)).toEqual(["Count to 150.", counted(150)]);
	expect(resumes).toEqual([200]);
});

test("a page whose connection broke gets the whole answer once, when it becomes visible again", async () => {
	await using proxy = await tcpProxy({ port: Number(new URL(server.url).port) });
	const { page, resumes } = await newChat(`http://127.0.0.1:${proxy.port}`);
	await ask(page, "Count to 80.");
	await says(page, "10 ");
	proxy.cut();
	await page.locator("output", { hasText: "network error" }).waitFor();
	expect(resumes).toEqual([204]);
	// A browser sends this event when the user returns to the tab.
	await page.evaluate('document.dispatchEvent(new Event("visibilitychange"))');
	await isOver(page);
	expect(await shown(page)).toEqual(["Count to 80.", counted(80)]);
	expect(resumes).toEqual([204, 200]);
});

test("an unknown chat is a 404, and a second question during an answer is a 409", async () => {
	const api = `${server.url}/api/chat`;
	const post = (id: string, text: unknown) => {
		const headers = { "content-type": "application/json" };
		return fetch(api, { method: "POST", headers, body: JSON.stringify({ id, text }) });
	};
	expect((await call(`${api}/guessed`)).status).toBe(404);
	expect((await post("guessed", "Hello?")).status).toBe(404);
	const { headers } = await call(server.url);
	const id = headers.get("location")?.split("/").at(-1) ?? "";
	expect(id).toMatch(/^[\da-f-]{36}$/);
	const first = await post(id, "Count to 900.");
	expect((await post(id, "And to 3.")).status).toBe(409);
	const stop = (headers = {}) => call(`${api}/${id}/stop`, { method: "POST", headers });
	expect((await stop({ origin: "https://evil.example" })).status).toBe(403);
	expect(json(await stop())).toEqual({ status: "running" });
	expect(await first.text()).toContain('"type":"abort"');
	expect(json(await stop())).toEqual({ status: "cancelled" });
});
