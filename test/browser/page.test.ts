import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { signChannels } from "../../src/auth.ts";
import { redis as redisConnector } from "../../src/connectors/redis.ts";
import { ServerSentEvents } from "../../src/core/sse.ts";
import { publish } from "../support/hub-client.ts";
import { freePort } from "../support/ports.ts";
import { shell } from "../support/programs.ts";
import { startRedis } from "../support/redis-server.ts";
import { type RuntimeName, type Server, startServer } from "../support/server.ts";
import { openBrowser, openPage, screenshot, type WatchedPage } from "./support.ts";

/** The hub's own page, used as a person would use it. */

let browser: Browser;
let hub: Server;
beforeAll(async () => {
	[browser, hub] = await Promise.all([openBrowser(), startServer("node")]);
});
afterAll(() => Promise.all([browser.close(), hub.kill()]));

/** The page, listening, as whoever has the address that the hub printed opens it. */
async function visit(
	{ url, token }: Server,
	channel: string,
	options: Parameters<typeof openPage>[1] = {},
): Promise<WatchedPage> {
	const watched = await openPage(browser, options);
	onTestFinished(() => watched.page.context().close());
	await watched.page.goto(`${url}/?channel=${channel}${token ? `#token=${token}` : ""}`);
	await state(watched.page, "open");
	return watched;
}

async function state(page: Page, name: string): Promise<void> {
	await page.locator(`#state[data-state="${name}"]`).waitFor();
}

async function published(page: Page): Promise<string> {
	await page.locator("#publish-result[data-ok]").waitFor();
	return page.locator("#publish-result").innerText();
}

async function overflow(page: Page): Promise<number> {
	const width = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
	return page.evaluate(width);
}

/** An example of everything that the list can show. */
async function fill(channel: string): Promise<void> {
	const messages = [
		{ data: "A plain text, of type message." },
		{ data: { message: "Hello!" }, type: "greeting", id: "41" },
		{ data: { room: "kitchen", readings: [21.5, 21.4, 21.7], window: false }, type: "sensor" },
		{ data: "one line\nand another\n  and a third", type: "log", id: "42" },
		{ data: `a long word: ${"0123456789abcdef".repeat(16)}`, type: "greeting" },
	];
	for (const message of messages) await publish(hub, { ...message, channel });
}

const runtimes: RuntimeName[] = ["node", "bun", "deno"];

test.each(runtimes)("what is published through the form arrives, served by %s", async (runtime) => {
	const server = runtime === "node" ? hub : await startServer(runtime);
	if (server !== hub) onTestFinished(() => server.kill());
	const { page, complaints } = await visit(server, "form");
	await page.fill("#data", '{ "message": "Grüße", "n": [1, 2] }');
	await page.fill("#type", "welcome");
	await page.click("summary:has-text('id and retry')");
	await page.fill("#id", "msg-7");
	await page.click("#publish");
	expect(await published(page)).toBe("Published, 1 receiver");

	const row = page.locator('#events > [data-type="welcome"]');
	await row.waitFor();
	expect(await row.getAttribute("data-id")).toBe("msg-7");
	expect(await row.innerText()).toContain("welcome");
	expect(await row.innerText()).toContain("msg-7");
	expect(await row.locator("pre").innerText()).toBe('{ "message": "Grüße", "n": [1, 2] }');
	expect(await row.locator("time").innerText()).toMatch(/^\d\d:\d\d:\d\d\.\d{3}$/);
	expect(complaints).toEqual([]);
});

test("a field that breaks its rule is said to, and nothing is sent", async () => {
	const { page, complaints } = await visit(hub, "bad");
	await page.click("summary:has-text('id and retry')");
	await page.fill("#retry", "soon");
	await page.click("#publish");
	expect(await published(page)).toContain("retry must be a whole number of milliseconds");
	expect(await page.getAttribute("#publish-result", "data-ok")).toBe("false");
	expect(await page.locator("#events > *").count()).toBe(0);
	// Chromium writes every answer of 400 to the console; that one, and no more.
	expect(complaints).toEqual([expect.stringContaining("status of 400")]);
});

test("another channel is listened to, and the first one is left", async () => {
	const { page, complaints } = await visit(hub, "first");
	await page.fill("#channel", "second, third");
	await page.press("#channel", "Enter");
	await page.locator("#request", { hasText: "channel=second&channel=third" }).waitFor();
	await state(page, "open");
	await publish(hub, { data: "to the first", channel: "first" });
	await publish(hub, { data: "to the second", channel: "second" });
	await publish(hub, { data: "to the third", channel: "third" });
	await page.locator("#events > *").nth(1).waitFor();
	const texts = await page.locator("#events > * pre").allInnerTexts();
	expect(texts).toEqual(["to the third", "to the second"]);
	expect(complaints).toEqual([]);
});

test("every event is shown, with any type and data", async () => {
	const { page, complaints } = await visit(hub, "types");
	const events = [
		...["other", "error", "open", "message", "a b: c", "größe", "__proto__", "x".repeat(200)].map(
			(type) => ({ type, data: `of ${type}` }),
		),
		{ type: "empty", data: "" },
		{ type: "lines", data: "\n one\n\n two \n" },
		{ type: "number", data: "12345678901234567890" },
	];
	for (const event of events) await publish(hub, { ...event, channel: "types" });
	await page
		.locator("#events > *")
		.nth(events.length - 1)
		.waitFor();
	const seen = await page.locator("#events > *").evaluateAll((rows) =>
		rows.map((row) => ({
			type: row.getAttribute("data-type"),
			data: row.querySelector("pre")?.textContent,
		})),
	);
	expect(seen.reverse()).toEqual(events);
	expect(complaints).toEqual([]);
});

test("the printed address publishes with one click, and its token is nowhere to be seen", async () => {
	const { page, complaints } = await openPage(browser);
	onTestFinished(() => page.context().close());
	const sent: string[] = [];
	page.on("request", (request) => sent.push(request.url() + JSON.stringify(request.headers())));
	const [, address = ""] = /^ {2}(http\S+#token=\S+)$/m.exec(hub.output) ?? [];
	const token = hub.token ?? "";
	await page.goto(address);
	await state(page, "open");
	expect(page.url()).toBe(`${hub.url}/`);
	await page.click("#publish");
	expect(await published(page)).toBe("Published, 1 receiver");
	await page.locator('#events > [data-type="greeting"]').waitFor();
	expect(await page.isVisible("#token-field")).toBe(false);
	const withToken = sent.filter((request) => request.includes(token));
	expect(withToken).toEqual([expect.stringMatching(/\/publish\{/)]);

	await page.reload();
	await state(page, "open");
	await page.click("#publish");
	expect(await published(page)).toBe("Published, 1 receiver");
	// Another tab has no part in it.
	const other = await page.context().newPage();
	await other.goto(`${hub.url}/?channel=sse`);
	expect(await other.isVisible("#token-field")).toBe(true);
	expect(complaints).toEqual([]);
});

test("without a token the page says how to get one, and takes it in every way", async () => {
	const { page } = await visit({ ...hub, url: hub.url, token: undefined }, "token");
	expect(await page.innerText("#token-hint")).toMatch(/When the hub starts, it prints the address/);
	await page.click("#publish");
	expect(await published(page)).toMatch(/^Publishing needs a token: .*SSE_PUBLISH_TOKEN/);
	await page.fill("#token", hub.token ?? "");
	await page.click("#publish");
	await page.locator('#publish-result[data-ok="true"]').waitFor();
	expect(await page.isVisible("#token-field")).toBe(false);

	// A token of an earlier start is refused, and the address of this one, in the same tab, mends it.
	await page.evaluate('location.hash = "token=of-an-earlier-start"');
	await page.click("#publish");
	await page.locator('#publish-result[data-ok="false"]').waitFor();
	expect(await page.isVisible("#token-field")).toBe(true);
	await page.goto(`${hub.url}/?channel=token#token=${hub.token}`);
	await page.click("#publish");
	await page.locator('#publish-result[data-ok="true"]').waitFor();
	expect(page.url()).not.toContain("token=");
});

test("the page's own curl line works as it is", async () => {
	const { page } = await visit(hub, "curl");
	const line = shell(await page.innerText("#first"));
	await line.says('{"receivers":1}');
	await page.locator("#events > *", { hasText: "Hello!" }).waitFor();
});

test("a signed token opens the stream as well, and is sent in no URL", async () => {
	const secret = "a secret of thirty-two bytes and more";
	const signed = await startServer("node", { env: { SSE_JWT_SECRET: secret } });
	onTestFinished(() => signed.kill());
	const { page } = await openPage(browser);
	onTestFinished(() => page.context().close());
	await page.goto(`${signed.url}/?channel=room`);
	await state(page, "closed");
	expect(await page.isVisible("#token-field")).toBe(true);
	const token = await signChannels("room", { secret, publish: "room" });
	const urls: string[] = [];
	page.on("request", (request) => urls.push(request.url()));
	await page.fill("#token", token);
	await page.press("#token", "Tab");
	await state(page, "open");
	await page.click("#publish");
	expect(await published(page)).toBe("Published, 1 receiver");
	await page.locator("#events > *").waitFor();
	expect(urls.join()).not.toContain(token);
});

test("what comes while the page was away comes with it, where there is history", async () => {
	const port = await freePort();
	const redis = await startRedis();
	onTestFinished(() => redis.stop());
	const env = { PORT: String(port), SSE_REDIS_URL: redis.url, SSE_HISTORY_LENGTH: "100" };
	const start = async () => {
		const server = await startServer("node", { env });
		onTestFinished(() => server.kill());
		return server;
	};
	const first = await start();
	const { page } = await visit(first, "away");
	await publish(first, { data: "seen", retry: 100, channel: "away" });
	await page.locator("#events > *").waitFor();
	await first.kill();
	await state(page, "waiting");
	const sse = new ServerSentEvents({ connector: redisConnector(redis.url, { history: {} }) });
	onTestFinished(() => sse.close());
	await sse.publish("missed", { type: "any", channel: "away" });
	await start();
	await page.locator("#events > *", { hasText: "missed" }).waitFor();
	expect(await page.locator("#events > *").count()).toBe(2);
});

test("where publishing is off, the page says so", async () => {
	const off = await startServer("node", { env: { HOST: "0.0.0.0" } });
	onTestFinished(() => off.kill());
	const { page } = await visit(off, "off");
	expect(await page.isVisible("#token-field")).toBe(false);
	expect(await page.innerText("#publish-off")).toContain("SSE_PUBLISH_TOKEN");
});

test("what is published cannot become a part of the page", async () => {
	const { page, complaints } = await visit(hub, "hostile");
	const html = '<img src=x onerror="complain(1)"><script>complain(2)</script>';
	await publish(hub, { data: html, type: "greeting", id: html, channel: "hostile" });
	await publish(hub, { data: { [html]: html }, channel: "hostile" });
	await page.locator("#events > *").nth(1).waitFor();
	expect(await page.locator("#events img, #events script").count()).toBe(0);
	expect(await page.locator("#events > *").nth(1).locator("pre").innerText()).toBe(html);
	expect(complaints).toEqual([]);
});

test("it says when the hub is gone, and comes back with it", async () => {
	const port = await freePort();
	const start = async () => {
		const server = await startServer("node", { env: { PORT: String(port) } });
		onTestFinished(() => server.kill());
		return server;
	};
	const killed = await start();
	const { page } = await visit(killed, "restart");
	await publish(killed, { data: "quick", retry: 100, channel: "restart" });
	await page.locator("#events > *").waitFor();
	await killed.kill();
	await state(page, "waiting");
	const restarted = await start();
	await state(page, "open");
	await publish(restarted, { data: "back", channel: "restart" });
	await page.locator("#events > *", { hasText: "back" }).waitFor();
});

const looks = [
	{ name: "page-desktop-light", width: 1280, height: 860, colorScheme: "light" },
	{ name: "page-desktop-dark", width: 1280, height: 860, colorScheme: "dark" },
	{ name: "page-phone", width: 390, height: 844, colorScheme: "light" },
	{ name: "page-phone-dark", width: 390, height: 844, colorScheme: "dark" },
] as const;

test.each(looks)("it fits: $name", async ({ name, width, height, colorScheme }) => {
	const viewport = { width, height };
	const phone = width < 500 ? { isMobile: true, hasTouch: true } : {};
	const { page, complaints } = await visit(hub, name, { viewport, colorScheme, ...phone });
	expect(await overflow(page)).toBe(0);
	await fill(name);
	await page.locator("#events > *").nth(4).waitFor();
	expect(await overflow(page)).toBe(0);
	await screenshot(page, name);
	await page.locator("#events").scrollIntoViewIfNeeded();
	if (width < 500) await screenshot(page, `${name}-events`);
	expect(complaints).toEqual([]);
});
