import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { until } from "../support/wait.ts";
import { openPlainBrowser, type PlainBrowser } from "./client-browser.ts";
import { from, numbers, startFlow } from "./client-flow.ts";
import { connections, listen, openScene, openTab, type Scene, when } from "./client-scene.ts";

/** Tabs that share a stream, and what becomes of it when the one that has it goes. */

let browser: PlainBrowser;
let scene: Scene;
let leader: Page | undefined;
beforeAll(async () => {
	[browser, scene] = await Promise.all([openPlainBrowser(), openScene()]);
	// The tab that asked for a stream last.
	browser.context.on("request", (request) => {
		if (request.url().startsWith(`${scene.url}/stream`)) leader = request.frame().page();
	});
});
afterEach(async () => {
	scene.release();
	const [first, ...tabs] = browser.context.pages();
	await Promise.all(tabs.map((tab) => tab.close()));
	expect(first?.url()).toBe("about:blank");
	await connections(scene, 0);
});
afterAll(async () => {
	await browser.close();
	await scene.close();
});

async function openTabs(count: number, channels: readonly string[]): Promise<Page[]> {
	const tabs: Page[] = [];
	for (let n = 0; n < count; n++) {
		const tab = await openTab(browser.context, scene);
		await listen(tab, channels);
		tabs.push(tab);
	}
	return tabs;
}

/** The tab that has the stream, and those that have not. */
function parted(tabs: readonly Page[]): { first: Page; rest: Page[] } {
	if (leader === undefined) throw new Error("No tab has asked for a stream.");
	return { first: leader, rest: tabs.filter((tab) => tab !== leader) };
}

/** What no page can do to itself, through the DevTools protocol. */
async function lifecycle(tab: Page, state: "frozen" | "active"): Promise<void> {
	const session = await browser.context.newCDPSession(tab);
	await session.send("Page.setWebLifecycleState", { state });
}

async function kill(tab: Page): Promise<void> {
	const crashed = tab.waitForEvent("crash");
	const session = await browser.context.newCDPSession(tab);
	// Nobody is left to answer it.
	session.send("Page.crash").catch(() => undefined);
	await crashed;
}

interface Way {
	leave(tab: Page): Promise<unknown>;
	/** Where it comes back from there. */
	comeBack?(tab: Page): Promise<unknown>;
}

const ways: Record<string, Way> = {
	"is closed": { leave: (tab) => tab.close() },
	"is killed": { leave: kill },
	"stops listening": { leave: (tab) => tab.evaluate("client.close()") },
	"is frozen, and thawed": {
		leave: (tab) => lifecycle(tab, "frozen"),
		comeBack: (tab) => lifecycle(tab, "active"),
	},
	"goes to the back/forward cache, and returns": {
		leave: (tab) => tab.goto(`${scene.url}/healthz`),
		comeBack: async (tab) => {
			await tab.goBack({ waitUntil: "commit" });
			await when(tab, "window.persisted === true");
		},
	},
	"hangs, and wakes up": {
		leave: async (tab) => {
			const held = tab.waitForRequest(/hold/);
			const hang = 'const request = new XMLHttpRequest(); request.open("GET", "/hold", false);';
			// It is answered when the test is over, or the tab comes back.
			tab.evaluate(`${hang} request.send()`).catch(() => undefined);
			await held;
		},
		comeBack: async () => scene.release(),
	},
};

for (const [how, { leave, comeBack }] of Object.entries(ways)) {
	test(`the first of five tabs ${how}: one connection, nothing lost, nothing twice`, async () => {
		const channels = [`${how} 1`, `${how} 2`];
		const tabs = await openTabs(5, channels);
		await connections(scene, 1);
		const flow = startFlow(scene, channels);
		await flow.more(100);
		const { first, rest } = parted(tabs);
		await leave(first);
		await until(() => leader !== first, { what: "another leader", timeout: 30_000 });
		await flow.more(100);
		if (comeBack !== undefined) {
			await comeBack(first);
			rest.push(first);
			await flow.more(100);
		}
		const count = await flow.stop();
		for (const tab of rest) {
			expect(await numbers(tab, channels, count)).toEqual([from(0, count), from(0, count)]);
			expect(await tab.evaluate("[gaps, errors]")).toEqual([[], []]);
		}
		await connections(scene, 1);
	});
}

test("a tab that shares without the stream is frozen, and thawed: it is given what it missed", async () => {
	const channels = ["behind 1", "behind 2"];
	const tabs = await openTabs(3, channels);
	const { first, rest } = parted(tabs);
	const [frozen] = rest;
	const flow = startFlow(scene, channels);
	await flow.more(50);
	if (frozen === undefined) throw new Error("There is no such tab.");
	await lifecycle(frozen, "frozen");
	await flow.more(100);
	await lifecycle(frozen, "active");
	await flow.more(50);
	const count = await flow.stop();
	for (const tab of tabs) {
		expect(await numbers(tab, channels, count)).toEqual([from(0, count), from(0, count)]);
	}
	// It needed a stream of its own for a while; the first one's was left alone.
	expect(await first.evaluate("states")).toEqual(["connecting", "open"]);
	await connections(scene, 1);
});

test("a tab that comes later misses nothing from its open on, and is not sent what was before", async () => {
	const channels = ["later 1", "later 2"];
	await openTabs(1, channels);
	const flow = startFlow(scene, channels);
	await flow.more(50);
	const before = flow.count;
	const [tab] = await openTabs(1, channels);
	const open = flow.count;
	await flow.more(50);
	const count = await flow.stop();
	if (tab === undefined) throw new Error("There is no such tab.");
	for (const seen of await numbers(tab, channels, count)) {
		const [first = Number.NaN] = seen;
		expect(first).toBeGreaterThanOrEqual(before - 5); // what was on the way
		expect(first).toBeLessThanOrEqual(open);
		expect(seen).toEqual(from(first, count));
	}
	expect(scene.requests.filter((query) => query.has("channel", "later 1"))).toHaveLength(1);
});

test("the first tab is killed before anything was published: the next begins where it began", async () => {
	const channels = ["quiet 1", "quiet 2"];
	const tabs = await openTabs(2, channels);
	const { first, rest } = parted(tabs);
	scene.answer = () => new Response("", { status: 503 });
	await kill(first);
	await until(() => leader !== first, { what: "another leader" });
	await connections(scene, 0);
	for (const n of [0, 1]) {
		for (const channel of channels) await scene.sse.publish([channel, n], { channel });
	}
	scene.answer = undefined;
	for (const tab of rest) expect(await numbers(tab, channels, 2)).toEqual([from(0, 2), from(0, 2)]);
});

test("each tab is given its own types, also by one that did not know of them", async () => {
	const channel = "types";
	const url = `/stream?channel=${channel}`;
	const open = async (...types: string[]) => {
		const tab = await openTab(browser.context, scene);
		await tab.evaluate(`listen("${url}", {}, ...${JSON.stringify(types)})`);
		await when(tab, 'client.state === "open"');
		return tab;
	};
	const publish = async (n: number) => {
		for (const type of ["a", "b", "c"]) await scene.sse.publish(`${type}${n}`, { type, channel });
	};
	const [one, two, three] = [await open("a"), await open("b"), await open("a", "c")];
	await publish(0);
	await one.close();
	await publish(1);
	await when(two, "seen.length === 2");
	// One that comes back knows nothing of the types of those that came meanwhile.
	await lifecycle(three, "frozen");
	await publish(2);
	const four = await open("b", "message");
	await two.close();
	await publish(3);
	await lifecycle(three, "active");
	await when(three, "seen.length >= 8");
	await publish(4);
	await scene.sse.publish("end", { channel });
	await when(three, "seen.length >= 10");
	await when(four, "seen.includes('end')");
	expect(await three.evaluate("seen")).toEqual([0, 1, 2, 3, 4].flatMap((n) => [`a${n}`, `c${n}`]));
	expect(await four.evaluate("seen")).toEqual(["b3", "b4", "end"]);
	await connections(scene, 1);
});

const withouts = {
	"without Web Locks": { script: "delete Navigator.prototype.locks", options: {} },
	"without BroadcastChannel": { script: "delete window.BroadcastChannel", options: {} },
	"with `share: false`": { script: "", options: { share: false } },
	"with names of their own": { script: "", options: { share: "own" } },
};

for (const [how, { script, options }] of Object.entries(withouts)) {
	test(`${how} each tab has its own stream`, async () => {
		for (const n of [1, 2]) {
			const tab = await openTab(browser.context, scene);
			await tab.evaluate(script);
			const name = "share" in options && options.share === "own" ? { share: `own ${n}` } : options;
			await listen(tab, how, name);
			await connections(scene, n);
			await scene.sse.publish(n, { channel: how });
			await when(tab, `seen.join() === "${n}"`);
		}
	});
}
