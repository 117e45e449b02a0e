import { expect, onTestFinished, test } from "vitest";
import { publish } from "../support/hub-client.ts";
import { type RuntimeName, startServer } from "../support/server.ts";
import { overflow, PageScene, published, state } from "./page-scene.ts";
import { screenshot } from "./support.ts";

/** The hub's own page, used as a person would use it. */

/** What is used of a page's elements, whose types are a browser's. */
interface Row {
	getAttribute(name: string): string | null;
	querySelector(selector: string): { textContent: string | null } | null;
}

const scene = new PageScene();

/** An example of everything that the list can show. */
async function fill(channel: string): Promise<void> {
	const messages = [
		{ data: "A plain text, of type message." },
		{ data: { message: "Hello!" }, type: "greeting", id: "41" },
		{ data: { room: "kitchen", readings: [21.5, 21.4, 21.7], window: false }, type: "sensor" },
		{ data: "one line\nand another\n  and a third", type: "log", id: "42" },
		{ data: `a long word: ${"0123456789abcdef".repeat(16)}`, type: "greeting" },
	];
	for (const message of messages) await publish(scene.hub, { ...message, channel });
}

const runtimes: RuntimeName[] = ["node", "bun", "deno"];

test.each(runtimes)("what is published through the form arrives, served by %s", async (runtime) => {
	const server = runtime === "node" ? scene.hub : await startServer(runtime);
	if (server !== scene.hub) onTestFinished(() => server.kill());
	const { page, complaints } = await scene.visit(server, "form");
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
	const { page, complaints } = await scene.visit(scene.hub, "bad");
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
	const { page, complaints } = await scene.visit(scene.hub, "first");
	await page.fill("#channel", "second, third");
	await page.press("#channel", "Enter");
	await page.locator("#request", { hasText: "channel=second&channel=third" }).waitFor();
	await state(page, "open");
	await publish(scene.hub, { data: "to the first", channel: "first" });
	await publish(scene.hub, { data: "to the second", channel: "second" });
	await publish(scene.hub, { data: "to the third", channel: "third" });
	await page.locator("#events > *").nth(1).waitFor();
	const texts = await page.locator("#events > * pre").allInnerTexts();
	expect(texts).toEqual(["to the third", "to the second"]);
	expect(complaints).toEqual([]);
});

test("every event is shown, with any type and data", async () => {
	const { page, complaints } = await scene.visit(scene.hub, "types");
	const events = [
		...["other", "error", "open", "message", "a b: c", "größe", "__proto__", "x".repeat(200)].map(
			(type) => ({ type, data: `of ${type}` }),
		),
		{ type: "empty", data: "" },
		{ type: "lines", data: "\n one\n\n two \n" },
		{ type: "number", data: "12345678901234567890" },
	];
	for (const event of events) await publish(scene.hub, { ...event, channel: "types" });
	await page
		.locator("#events > *")
		.nth(events.length - 1)
		.waitFor();
	const seen = await page.locator("#events > *").evaluateAll((rows: Row[]) =>
		rows.map((row) => ({
			type: row.getAttribute("data-type"),
			data: row.querySelector("pre")?.textContent,
		})),
	);
	expect(seen.reverse()).toEqual(events);
	expect(complaints).toEqual([]);
});

test("what is published cannot become a part of the page", async () => {
	const { page, complaints } = await scene.visit(scene.hub, "hostile");
	const html = '<img src=x onerror="complain(1)"><script>complain(2)</script>';
	await publish(scene.hub, { data: html, type: "greeting", id: html, channel: "hostile" });
	await publish(scene.hub, { data: { [html]: html }, channel: "hostile" });
	await page.locator("#events > *").nth(1).waitFor();
	expect(await page.locator("#events img, #events script").count()).toBe(0);
	expect(await page.locator("#events > *").nth(1).locator("pre").innerText()).toBe(html);
	expect(complaints).toEqual([]);
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
	const { page, complaints } = await scene.visit(scene.hub, name, {
		viewport,
		colorScheme,
		...phone,
	});
	expect(await overflow(page)).toBe(0);
	await fill(name);
	await page.locator("#events > *").nth(4).waitFor();
	expect(await overflow(page)).toBe(0);
	await screenshot(page, name);
	await page.locator("#events").scrollIntoViewIfNeeded();
	if (width < 500) await screenshot(page, `${name}-events`);
	expect(complaints).toEqual([]);
});
