import { afterAll, beforeAll, expect, test } from "vitest";
import { post, publish } from "../../support/hub-client.ts";
import { type Server, startServer } from "../../support/server.ts";
import type { PageSetting } from "./page-setting.ts";

/** What the page shows of channels, pauses, gaps, and times to come back. */
export function pauseSuite(setting: PageSetting): void {
	let hub: Server;
	beforeAll(async () => {
		hub = await startServer("node", { env: { SSE_HISTORY_LENGTH: "2" } });
	});
	afterAll(() => hub?.kill());

	test("with several channels each event names its channel, and has its data as it was sent", async () => {
		const page = await setting.visit(hub, "one,two");
		await publish(hub, { data: "text", channel: "one" });
		await publish(hub, { data: '{"channel":"x","data":1}', channel: "two" });
		const message = `{"channel":"two","type":"n","data":{ "big": 12345678901234567890 }}`;
		expect((await post(hub, message)).status).toBe(200);
		await page.has("#events > [data-type]", 3);
		expect(await page.texts("#events .of")).toEqual(["two", "two", "one"]);
		const data = ['{ "big": 12345678901234567890 }', '{ "channel": "x", "data": 1 }', "text"];
		expect(await page.texts("#events .data")).toEqual(data);
		await page.click(".tools summary");
		await page.fill("#filter", "ONE");
		expect(await page.texts("#events > li:not([hidden]) .data")).toEqual(["text"]);
		await page.fill("#filter", "");
		// With one channel there is nothing to name.
		await page.fill("#channel", "one");
		await page.shows("#request", "/stream?channel=one");
		await page.state("open");
		await publish(hub, { data: "alone", channel: "one" });
		await page.has("#events > [data-type]", 4);
		expect(await page.count("#events > :first-child .of")).toBe(0);
		expect(await page.complaints()).toEqual([]);
	});

	test("events during a pause are shown after it, and the number of dropped ones is shown", async () => {
		const page = await setting.visit(setting.hub, "pause");
		await publish(setting.hub, { data: "before", channel: "pause" });
		await page.has("#events > *");
		await page.click("#pause");
		await page.shows("#pause", "Resume");
		const some = Array.from({ length: 3 }, (_, n) => ({ data: `some ${n}`, channel: "pause" }));
		for (const message of some) await publish(setting.hub, message);
		await page.shows("#count", "4 received, paused with 3 held back");
		expect(await page.count("#events > *")).toBe(1);
		await page.click("#pause");
		await page.has("#events > *", 4);
		expect(await page.texts("#events .data")).toEqual(["some 2", "some 1", "some 0", "before"]);

		await page.click("#pause");
		await page.shows("#said", "Paused");
		const many = Array.from({ length: 160 }, (_, n) => ({ data: `many ${n}`, channel: "pause" }));
		expect((await post(setting.hub, many)).status).toBe(200);
		await page.shows("#count", "164 received, paused with 150 held back, 10 before them fell out");
		await page.click("#pause");
		await page.shows("#said", "10 events that came during the pause fell out");
		await page.has("#events > [data-type]", 154);
		const texts = await page.texts("#events > *");
		expect(texts[0]).toContain("many 159");
		expect(texts[149]).toContain("many 10");
		expect(texts[150]).toContain("10 events that came during the pause fell out");
		expect(texts[151]).toContain("some 2");
		expect(await page.complaints()).toEqual([]);
	});

	test("a gap is shown as one, and a retry time with its event", async () => {
		const page = await setting.visit(hub, "gap");
		await publish(hub, { data: "first", retry: 12_000, channel: "gap" });
		await page.has("#events > [data-type]");
		expect(await page.text("#events .head")).toContain("retry 12 s");
		expect(await page.text("#again")).toContain("reconnects after 12 s");
		const [first = ""] = await page.texts("#events .id b");
		const more = Array.from({ length: 9 }, (_, data) => ({ data, channel: "gap" }));
		expect((await post(hub, more)).status).toBe(200);
		await page.has("#events > [data-type]", 10);
		await page.click("#clear");
		await page.click(".tools summary");
		await page.fill("#from", first);
		await page.click("#replay");
		await page.has("#events > .gap");
		await page.shows("#events > [data-type]", "8");
		const rows = await page.texts("#events > *");
		const kept = rows.length - 1;
		expect(kept).toBeLessThan(9);
		expect(await page.count("#events > :not(:last-child):is([data-type])")).toBe(kept);
		expect(rows.at(-1)).toMatch(/^Gap/);
		expect(rows.at(-1)).toContain(`Messages may be missing here after the id ${first}`);
		expect(await page.text("#count")).toBe(`${kept} received, 1 gap`);
		expect(await page.text("#said")).toBe("A gap in gap: messages may be missing.");
		expect(await page.complaints()).toEqual([]);
	});
}
