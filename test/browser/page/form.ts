import { expect, test } from "vitest";
import { publish } from "../../support/hub-client.ts";
import { type RuntimeName, startServer } from "../../support/server.ts";
import type { PageSetting } from "./page-setting.ts";

/** The hub's page: publishing and listening. */
export function formSuite(setting: PageSetting): void {
	// It makes no difference to the engine which runtime serves it.
	const runtimes: RuntimeName[] = setting.long ? ["node", "bun", "deno"] : ["node"];

	for (const runtime of runtimes) {
		test(`what is published through the form arrives, served by ${runtime}`, async (t) => {
			const server = runtime === "node" ? setting.hub : await startServer(runtime);
			if (server !== setting.hub) t.onTestFinished(() => server.kill());
			const page = await setting.visit(server, "form");
			await page.fill("#data", '{ "message": "Grüße", "n": [1, 2] }');
			await page.fill("#type", "welcome");
			await page.click("form summary");
			await page.fill("#id", "msg-7");
			await page.click("#publish");
			expect(await page.published()).toBe("Published, 1 receiver");

			const row = '#events > [data-type="welcome"]';
			await page.has(row);
			expect(await page.attribute(row, "data-id")).toBe("msg-7");
			expect(await page.text(row)).toContain("welcome");
			expect(await page.text(row)).toContain("msg-7");
			expect(await page.text(`${row} pre`)).toBe('{ "message": "Grüße", "n": [1, 2] }');
			expect(await page.text(`${row} time`)).toMatch(/^\d\d:\d\d:\d\d\.\d{3}$/);
			expect(await page.complaints()).toEqual([]);
		});
	}

	test("a field that breaks its rule is marked, and nothing is sent", async () => {
		const page = await setting.visit(setting.hub, "bad");
		await page.click("form summary");
		await page.fill("#retry", "soon");
		await page.click("#publish");
		expect(await page.published()).toContain("retry must be a whole number of milliseconds");
		expect(await page.attribute("#publish-result", "data-ok")).toBe("false");
		expect(await page.count("#events > *")).toBe(0);
		expect(await page.complaints()).toEqual([]);
	});

	test("another channel can be listened to, and the first one is left", async () => {
		const page = await setting.visit(setting.hub, "first");
		await page.fill("#channel", "second");
		await page.shows("#request", "channel=second");
		await page.state("open");
		await publish(setting.hub, { data: "to the first", channel: "first" });
		await publish(setting.hub, { data: "to the second", channel: "second" });
		await page.has("#events > *");
		expect(await page.texts("#events > * pre")).toEqual(["to the second"]);
		expect(await page.complaints()).toEqual([]);
	});

	test("every event is shown, with any type and data", async () => {
		const page = await setting.visit(setting.hub, "types");
		const names = ["other", "error", "open", "message", "a b: c", "größe", "__proto__"];
		const events = [
			...[...names, "x".repeat(200)].map((type) => ({ type, data: `of ${type}` })),
			{ type: "empty", data: "" },
			{ type: "lines", data: "\n one\n\n two \n" },
			{ type: "number", data: "12345678901234567890" },
		];
		for (const event of events) await publish(setting.hub, { ...event, channel: "types" });
		await page.has("#events > *", events.length);
		const seen = await page.read<object[]>(
			`[...document.querySelectorAll("#events > *")].map((row) =>
				({ type: row.dataset.type, data: row.querySelector("pre").textContent }))`,
		);
		expect(seen.reverse()).toEqual(events);
		expect(await page.complaints()).toEqual([]);
	});

	test("published data cannot become part of the page", async () => {
		const page = await setting.visit(setting.hub, "hostile");
		const html = '<img src=x onerror="complaints.push(1)"><script>complaints.push(2)</script>';
		await publish(setting.hub, { data: html, type: "greeting", id: html, channel: "hostile" });
		await publish(setting.hub, { data: { [html]: html }, channel: "hostile" });
		await page.has("#events > *", 2);
		expect(await page.count("#events img, #events script")).toBe(0);
		expect(await page.text("#events > :nth-child(2) pre")).toBe(html);
		expect(await page.complaints()).toEqual([]);
	});
}
