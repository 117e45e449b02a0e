import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join as joined } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { post, publish } from "../../support/hub-client.ts";
import { root, type Server } from "../../support/server.ts";
import { pictures } from "../support.ts";
import type { HubPage } from "./hub-page.ts";
import { join, memberToken, startMemberHub } from "./members.ts";
import { narrow, type PageSetting, wide } from "./page-setting.ts";

const axe = readFileSync(joined(root, "node_modules/axe-core/axe.min.js"), "utf8");

// The line beside the events is a pseudo-element without text. Without this setting axe-core measures no
// contrast there. Options that are not given are undefined, so axe-core uses its own values otherwise.
const options = `{ checks: [{ id: "color-contrast", options: {
	ignorePseudo: true,
	ignoreUnicode: true,
	boldValue: 700,
	boldTextPt: 14,
	largeTextPt: 18,
	contrastRatio: { normal: { expected: 4.5 }, large: { expected: 3 } },
	pseudoSizeThreshold: 0.25,
} }] }`;

/**
 * What axe-core finds, and what else it leaves to people. Of contrast it leaves what is scrolled out of sight.
 */
async function findings(page: HubPage): Promise<string[]> {
	await page.read(`window.axe ? 0 : (() => { ${axe}; axe.configure(${options}); return 0; })()`);
	return page.read(`axe.run().then(({ violations, incomplete }) =>
		[...violations, ...incomplete.filter(({ id }) => id !== "color-contrast")].flatMap(({ id, nodes }) =>
			nodes.map(({ html, failureSummary }) => [id, html, failureSummary].join(" "))))`);
}

/** The page's look and accessibility: in each important state, in each size. */
export function looksSuite(setting: PageSetting): void {
	const { engine, look } = setting;
	let hub: Server;
	beforeAll(async () => {
		hub = await startMemberHub();
	});
	afterAll(() => hub?.kill());

	const sizes = [
		["narrow", narrow],
		["wide", wide],
	] as const;
	for (const [name, size] of sizes) {
		// What one engine shows in both, the others need to show in one of them.
		if (!setting.long && (name === "narrow") !== (look.colorScheme === "dark")) continue;
		test(`${look.colorScheme} and ${name}: it fits, and axe-core finds no accessibility fault`, async (t) => {
			const page = await setting.open({ url: hub.url }, "looks,more");
			await page.tab.resize(size[0], size[1]);
			const check = async (what: string) => {
				expect(await page.overflow(), what).toBe(0);
				// An event fades in: the final look is tested.
				await page.read(`document.getAnimations().forEach((each) => {
					if (each.effect.getTiming().iterations !== Infinity) each.finish();
				})`);
				// That state has elements of all kinds. The others are tested in one engine.
				if (setting.long || what === "events") {
					expect(await findings(page), what).toEqual([]);
				}
				mkdirSync(pictures, { recursive: true });
				const file = ["page", engine.name.toLowerCase(), look.colorScheme, name, what].join("-");
				writeFileSync(joined(pictures, `${file}.png`), await page.tab.screenshot());
			};

			await page.state("closed");
			await page.shows("#state-detail", "refused");
			await check("refused");

			const rights = { members: ["*"], disconnect: ["*"], publish: ["*"] };
			await join(t, hub, "looks", "bob");
			await page.fill("#token", memberToken("eve", rights));
			await page.state("open");
			await page.has("#members li", 3);
			await page.has("#hub-channels tr", 2);
			await check("empty");

			await page.click(".tools summary");
			await page.click("#raw");
			await page.click("#notes");
			const authorization = `Bearer ${memberToken("pub", rights)}`;
			for (const message of examples) await publish(hub, message, { authorization });
			await page.has("#events > [data-type]", examples.length);
			await page.read(gap);
			await page.has("#events > .gap");
			await page.click("form summary");
			await page.fill("#retry", "soon");
			await page.click("#publish");
			await page.shows("#publish-result", "retry must be");
			await check("events");

			await page.click("#pause");
			const { status } = await post(hub, { ...examples[0], data: "meanwhile" }, { authorization });
			expect(status).toBe(200);
			await page.shows("#count", "paused with 1");
			await page.click("#toggle");
			await page.state("closed");
			await check("closed");
			expect(await page.complaints()).toEqual([]);
		});
	}
}

// Without a history the hub reports none.
const gap = `document.querySelector("#events").prepend(Object.assign(document.createElement("li"), {
	className: "gap",
	innerHTML: '<div class="head"><strong>Gap</strong><span class="of">looks</span></div>' +
		'<p class="data">Messages may be missing here: they are not kept any more.</p>',
}))`;

/** Everything that the list can show. */
const examples = [
	{ data: "A plain text, of type message.", channel: "looks" },
	{ data: { message: "Hello!" }, type: "greeting", id: "41", channel: "more" },
	{
		data: { room: "kitchen", readings: [21.5, 21.4], window: false },
		type: "sensor",
		channel: "more",
	},
	{
		data: "one line\nand another\n  and a third",
		type: "log",
		id: "42",
		retry: 5_000,
		channel: "looks",
	},
	{ data: `a long word: ${"0123456789abcdef".repeat(16)}`, type: "greeting", channel: "looks" },
	{ data: "a line of many\n".repeat(40), type: "x".repeat(60), channel: "looks" },
];
