import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { within } from "../support/wait.ts";
import { Random } from "../torture/random.ts";
import { openPlainBrowser } from "./client-browser.ts";
import { type Flow, startFlow } from "./client-flow.ts";
import { connections, openScene, openTab, path, type Scene, when } from "./client-scene.ts";

/** Tabs that come, go, freeze and return at random, with types of their own, while messages flow. */

const types: [string, ...string[]] = ["x", "y", "z"];
const channels = ["one", "two"];
const steps = Number(process.env.COMMOTION_STEPS ?? 15);

interface Tab {
	page: Page;
	types: string[];
	/** How many messages there were of each channel when its stream was open. */
	openAt: number;
	/** Brings it back from where it is. */
	comeBack: (() => Promise<unknown>) | undefined;
}

const seed = Number(process.env.COMMOTION_SEED ?? Math.floor(Math.random() * 2 ** 32));
// No browser command takes this long. The error names the one that hangs.
const patience = 60_000;

test("nothing is lost, and nothing comes twice", { timeout: 180_000 + steps * 4_000 }, async () => {
	const [{ context, close }, scene] = await Promise.all([openPlainBrowser(), openScene()]);
	const flow = startFlow(scene, channels, (n) => types[n % types.length]);
	const random = new Random(seed);
	const history: string[] = [];
	/** What is going on, for the error. */
	let now = "";
	try {
		const tabs: Tab[] = [await open(scene, flow), await open(scene, flow)];
		for (let step = 0; step < steps; step++) {
			now = `step ${step}`;
			await flow.more(random.below(60));
			history.push(await within(act(tabs, scene, flow), patience, now));
		}
		for (const [n, tab] of tabs.entries()) {
			now = `the return of tab ${n}`;
			await within(tab.comeBack?.() ?? Promise.resolve(), patience, now);
		}
		await flow.more(50);
		const count = await flow.stop();
		for (const [n, tab] of tabs.entries()) {
			now = `the look at tab ${n}`;
			await check(tab, count);
		}
		await connections(scene, 1);
	} catch (error) {
		const before = `COMMOTION_SEED=${seed}; ${now}, after ${history.join(", ")}`;
		throw new Error(`${before}: ${(error as Error).message}`, { cause: error });
	} finally {
		await flow.stop();
		await close();
		await scene.close();
	}

	async function open(scene: Scene, flow: Flow): Promise<Tab> {
		const page = await openTab(context, scene);
		const own = types.filter(() => random.chance(0.5));
		if (own.length === 0) own.push(random.pick(types));
		await page.evaluate(`listen("${path(channels)}", {}, ...${JSON.stringify(own)})`);
		await when(page, 'client.state === "open"');
		return { page, types: own, openAt: flow.count, comeBack: undefined };
	}

	async function act(tabs: Tab[], scene: Scene, flow: Flow): Promise<string> {
		const present = tabs.filter((tab) => tab.comeBack === undefined);
		if (tabs.length < 2 || (tabs.length < 6 && random.chance(0.3))) {
			tabs.push(await open(scene, flow));
			return "opened";
		}
		// The older a tab is, the likelier it leads.
		const [chosen] = random.shuffled(tabs);
		const tab = random.chance(0.5) ? (present[0] ?? chosen) : chosen;
		if (tab === undefined) throw new Error("There is no tab.");
		now += ` ${tabs.indexOf(tab)}`;
		const session = await context.newCDPSession(tab.page);
		if (tab.comeBack !== undefined) {
			await tab.comeBack();
			tab.comeBack = undefined;
			return "back";
		}
		const state = (state: "frozen" | "active") => () =>
			session.send("Page.setWebLifecycleState", { state });
		const way = random.pick(["closed", "crashed", "frozen", "away"]);
		now += ` ${way}`;
		if (way === "frozen") {
			await state("frozen")();
			tab.comeBack = state("active");
		} else if (way === "away") {
			await tab.page.goto(`${scene.url}/healthz`);
			tab.comeBack = async () => {
				await tab.page.goBack({ waitUntil: "commit" });
				await when(tab.page, "window.persisted === true");
			};
		} else {
			tabs.splice(tabs.indexOf(tab), 1);
			const crashed = tab.page.waitForEvent("crash");
			if (way === "crashed") {
				session.send("Page.crash").catch(() => undefined);
				await crashed;
			}
			crashed.catch(() => undefined);
			await tab.page.close();
		}
		return `${way} ${tabs.length}`;
	}
});

async function check(tab: Tab, count: number): Promise<void> {
	const wanted = (n: number) => tab.types.includes(types[n % types.length] ?? "");
	const last = Array.from({ length: count }, (_, n) => n).findLast(wanted) ?? 0;
	for (const channel of channels) {
		const of = `seen.filter(([channel]) => channel === "${channel}").map(([, n]) => n)`;
		await when(tab.page, `${of}.includes(${last})`);
		const seen = await tab.page.evaluate<number[]>(of);
		const [first = Number.NaN] = seen;
		expect(first).toBeLessThanOrEqual(tab.openAt + types.length);
		const all = Array.from({ length: count }, (_, n) => n);
		expect(seen).toEqual(all.filter((n) => n >= first && wanted(n)));
	}
	expect(await tab.page.evaluate("[gaps, errors]")).toEqual([[], []]);
}
