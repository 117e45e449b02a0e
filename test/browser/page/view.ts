import { afterAll, beforeAll, expect, test } from "vitest";
import { publish } from "../../support/hub-client.ts";
import { type Server, startServer } from "../../support/server.ts";
import type { PageSetting } from "./page-setting.ts";

const shown = "#events > li:not([hidden])";

/** What a user of the hub's page can inspect. */
export function viewSuite(setting: PageSetting): void {
	let hub: Server;
	beforeAll(async () => {
		hub = await startServer("node", { env: { SSE_HISTORY_LENGTH: "10", SSE_KEEP_ALIVE: "300" } });
	});
	afterAll(() => hub?.kill());

	test("a filter, raw lines, dimmed comments, and a replay from an id work", async () => {
		const page = await setting.visit(hub, "view");
		await page.tab.resize(390, 844);
		for (const data of ["one", "two", { room: "kitchen" }]) {
			await publish(hub, { data, type: "step", channel: "view" });
		}
		await page.has("#events > li", 3);
		expect(await page.count("#events > .note")).toBe(0);
		await page.click(".tools summary");

		await page.fill("#filter", "KITCH");
		expect(await page.count(shown)).toBe(1);
		await publish(hub, { data: "another", channel: "view" });
		await publish(hub, { data: "the kitchen again", channel: "view" });
		await page.has(shown, 2);
		expect(await page.count("#events > li")).toBe(5);
		await page.fill("#filter", "");
		expect(await page.count(shown)).toBe(5);

		expect(await page.isVisible("#events code.raw")).toBe(false);
		await page.click("#raw");
		expect(await page.text("#events code.raw")).toMatch(/^data:the kitchen again\nid:[\d-]+\s*$/);
		await page.click("#notes");
		await page.shows("#events > .note", "keep-alive");
		await page.click("#notes");
		expect(await page.overflow()).toBe(0);

		const steps = await page.texts("#events > [data-type=step] .id b");
		await page.click("#clear");
		await page.fill("#from", steps.at(-1) ?? "");
		await page.click("#replay");
		await page.has("#events > [data-type]", 4);
		const texts = () => page.texts("#events > [data-type] .data");
		const after = ["the kitchen again", "another", '{ "room": "kitchen" }', "two"];
		expect(await texts()).toEqual(after);
		await page.click("#clear");
		await page.fill("#from", "");
		await page.click("#replay");
		await page.has("#events > [data-type]", 5);
		expect(await texts()).toEqual([...after, "one"]);
		expect(await page.complaints()).toEqual([]);
	});
}
