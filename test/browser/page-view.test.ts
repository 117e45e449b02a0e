import { afterAll, beforeAll, expect, test } from "vitest";
import { publish } from "../support/hub-client.ts";
import { type Server, startServer } from "../support/server.ts";
import { overflow, PageScene, state } from "./page-scene.ts";
import { screenshot } from "./support.ts";

/** What a reader of the hub's page may look at more closely. */

const scene = new PageScene();
let hub: Server;
beforeAll(async () => {
	hub = await startServer("node", { env: { SSE_HISTORY_LENGTH: "10", SSE_KEEP_ALIVE: "300" } });
});
afterAll(() => hub.kill());

const shown = "#events > li:not([hidden])";

test("a filter, raw lines, comments that are dimmed, and a replay from an id", async () => {
	const viewport = { width: 390, height: 844 };
	const { page, complaints } = await scene.visit(hub, "view", { viewport, isMobile: true });
	for (const data of ["one", "two", { room: "kitchen" }]) {
		await publish(hub, { data, type: "step", channel: "view" });
	}
	await page.locator("#events > li").nth(2).waitFor();
	expect(await page.locator("#events > .note").count()).toBe(0);
	await page.click("text=Filter, raw lines, replay");

	await page.fill("#filter", "KITCH");
	expect(await page.locator(shown).count()).toBe(1);
	await publish(hub, { data: "another", channel: "view" });
	await publish(hub, { data: "the kitchen again", channel: "view" });
	await page.locator(shown).nth(1).waitFor();
	expect(await page.locator("#events > li").count()).toBe(5);
	await page.fill("#filter", "");
	expect(await page.locator(shown).count()).toBe(5);

	const raw = page.locator("#events code.raw").first();
	expect(await raw.isVisible()).toBe(false);
	await page.check("#raw");
	expect(await raw.innerText()).toMatch(/^data:the kitchen again\nid:[\d-]+\s*$/);
	await page.check("#notes");
	await page.locator("#events > .note", { hasText: "keep-alive" }).first().waitFor();
	await page.uncheck("#notes");
	expect(await overflow(page)).toBe(0);
	await screenshot(page, "page-view-phone");

	const first = await page.locator("#events > [data-type=step]").last().getAttribute("data-id");
	await page.click("#clear");
	await page.fill("#from", first ?? "");
	await page.click("#replay");
	await state(page, "open");
	await page.locator("#events > [data-type]").nth(3).waitFor();
	const texts = () => page.locator("#events > [data-type] .data").allInnerTexts();
	const after = ["the kitchen again", "another", '{ "room": "kitchen" }', "two"];
	expect(await texts()).toEqual(after);
	await page.click("#clear");
	await page.fill("#from", "");
	await page.click("#replay");
	await page.locator("#events > [data-type]").nth(4).waitFor();
	expect(await texts()).toEqual([...after, "one"]);
	expect(complaints).toEqual([]);
});
