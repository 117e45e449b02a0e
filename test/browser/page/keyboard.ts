import { expect, test } from "vitest";
import { publish } from "../../support/hub-client.ts";
import type { PageSetting } from "./page-setting.ts";

/** The page without a mouse. */
export function keyboardSuite(setting: PageSetting): void {
	test("every control is reached in the order of the page, with a visible focus", async () => {
		const page = await setting.visit(setting.hub, "keys");
		await publish(setting.hub, { data: "a line of many\n".repeat(40), channel: "keys" });
		await page.has("#events .data[tabindex]");
		await page.click("form summary");
		await page.click(".tools summary");
		const controls = await page.read<number>(`(() => {
			const all = "input, textarea, button, summary, [tabindex]";
			window.controls = [...document.querySelectorAll(all)].filter((node) => node.checkVisibility() && !node.disabled);
			document.activeElement.blur();
			return controls.length;
		})()`);
		const seen: unknown[] = [];
		// Firefox stops at each pane that scrolls, too.
		for (let at = 0; seen.length < controls && at < controls + 9; at++) {
			await page.tab.press("Tab");
			const look = await page.read<[number, string, boolean]>(`((node) =>
				[controls.indexOf(node), getComputedStyle(node).outlineStyle, node.matches(":focus-visible")]
			)(document.activeElement)`);
			if (look[0] >= 0) seen.push(look);
		}
		expect(seen).toEqual(Array.from({ length: controls }, (_, at) => [at, "solid", true]));
	});

	test("every control works by a key, and new events take no focus", async () => {
		const page = await setting.visit(setting.hub, "work");
		await page.focus("#publish");
		await page.press("Enter");
		expect(await page.published()).toBe("Published, 1 receiver");
		await page.has("#events > *");
		expect(await page.focused()).toBe("publish");
		await page.focus("#pause");
		expect(await page.press("Space")).toBe("pause");
		await page.shows("#pause", "Resume");
		await publish(setting.hub, { data: "held", channel: "work" });
		await page.shows("#count", "paused with 1");
		expect(await page.press("Space")).toBe("pause");
		await page.has("#events > *", 2);
		expect(await page.focused()).toBe("pause");
		await page.focus(".tools summary");
		await page.press("Enter");
		await page.focus("#raw");
		await page.press("Space");
		expect(await page.isVisible("#events code.raw")).toBe(true);
		await page.focus("#toggle");
		await page.press("Enter");
		await page.state("closed");
		expect(await page.press("Enter")).toBe("toggle");
		await page.state("open");
		await page.focus("#clear");
		await page.press("Enter");
		await page.until(`document.querySelector("#events").childElementCount === 0`);
		expect(await page.complaints()).toEqual([]);
	});

	test("screen readers are told what matters, and not each event", async () => {
		const page = await setting.visit(setting.hub, "heard");
		await page.read(`(() => {
			window.told = [];
			const live = "[role=status], [role=alert], [aria-live], output";
			const regionOf = (node) => (node.closest ? node : node.parentElement)?.closest(live)?.id;
			new MutationObserver((changes) => {
				for (const { target } of changes) {
					const region = regionOf(target);
					if (region && told.at(-1) !== region) told.push(region);
				}
			}).observe(document.body, { subtree: true, childList: true, characterData: true });
		})()`);
		for (const data of ["one", "two"]) await publish(setting.hub, { data, channel: "heard" });
		await page.has("#events > *", 2);
		expect(await page.read("told")).toEqual([]);
		await page.click("#pause");
		await page.shows("#said", "Paused");
		await page.click("#toggle");
		await page.state("closed");
		expect(await page.read("told")).toEqual(["said", "state"]);
	});
}
