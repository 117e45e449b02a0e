import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { until } from "../support/wait.ts";
import { openPlainBrowser, type PlainBrowser } from "./client-browser.ts";
import { from, numbers, startFlow } from "./client-flow.ts";
import { connections, openScene, openTab, type Scene, seen, when } from "./client-scene.ts";

/** `events.channel()`: all channels with a listener come over one connection, in all tabs. */

let browser: PlainBrowser;
let scene: Scene;
beforeAll(async () => {
	[browser, scene] = await Promise.all([openPlainBrowser(), openScene()]);
});
afterEach(async () => {
	const [, ...tabs] = browser.context.pages();
	await Promise.all(tabs.map((tab) => tab.close()));
	await connections(scene, 0);
	scene.requests.length = 0;
});
afterAll(async () => {
	await browser.close();
	await scene.close();
});

/** A tab that listens to channels, which `stops.<name>` ends, and records states. */
async function open(...channels: string[]): Promise<Page> {
	const tab = await openTab(browser.context, scene);
	await tab.evaluate(`{
		window.client = new EventClient("/stream");
		client.onState((state) => states.push(state));
		client.on("sse.gap", (gap) => gaps.push(gap));
		window.stops = {};
		window.enter = (name) => {
			stops[name] = client.channel(name).on("message", (data) => seen.push(data));
		};
	}`);
	await enter(tab, ...channels);
	await isOpen(tab, channels);
	return tab;
}

const enter = (tab: Page, ...channels: string[]) =>
	tab.evaluate(`${JSON.stringify(channels)}.forEach(enter)`);
const leave = (tab: Page, channel: string) =>
	tab.evaluate(`stops[${JSON.stringify(channel)}](); 0`);

/** The channels of each requested stream. */
const asked = () => scene.requests.map((query) => query.getAll("channel").join());

async function isOpen(tab: Page, channels: readonly string[]): Promise<void> {
	await until(
		() => channels.every((name) => asked().some((list) => list.split(",").includes(name))),
		{ what: `${channels} in ${asked().join(" ")}` },
	);
	await when(tab, 'client.state === "open"');
}

async function kill(tab: Page): Promise<void> {
	const crashed = tab.waitForEvent("crash");
	const session = await browser.context.newCDPSession(tab);
	session.send("Page.crash").catch(() => undefined);
	await crashed;
}

/** As when the hub is killed, and started again with the same broker. */
async function breakAll(): Promise<void> {
	scene.answer = () => new Response("", { status: 503 });
	scene.cut();
	const before = asked().length;
	await until(() => asked().length > before, { what: "a refused stream" });
	scene.answer = undefined;
}

test("several changes within one task reopen the stream once; the channels that stay miss nothing", async () => {
	const tab = await open("stays", "goes");
	expect(asked()).toEqual(["goes,stays"]);
	const flow = startFlow(scene, ["stays"]);
	await flow.more(30);
	await tab.evaluate("stops.goes(); enter('comes'); enter('more'); stops.more(); 0");
	await isOpen(tab, ["comes"]);
	await scene.sse.publish("no", { channel: "goes" });
	await scene.sse.publish("yes", { channel: "comes" });
	await flow.more(30);
	const count = await flow.stop();
	const [all = []] = await numbers(tab, ["stays"], count);
	expect(all).toEqual(from(all[0] ?? 0, count));
	const others = (await seen<unknown>(tab)).filter((data) => typeof data === "string");
	expect(others).toEqual(["yes"]);
	expect(asked()).toEqual(["goes,stays", "comes,stays"]);
	expect(await tab.evaluate("gaps")).toEqual([]);
	await tab.evaluate("client.close()");
	await when(tab, 'client.state === "closed"');
	await connections(scene, 0);
});

test("from one channel to two and back: nothing is lost, and nothing comes twice", async () => {
	const tab = await open("one");
	const flow = startFlow(scene, ["one"]);
	await flow.more(30);
	for (const round of [1, 2, 3]) {
		await enter(tab, `two ${round}`);
		await isOpen(tab, [`two ${round}`]);
		await flow.more(20);
		await leave(tab, `two ${round}`);
		await flow.more(20);
	}
	const count = await flow.stop();
	const [all = []] = await numbers(tab, ["one"], count);
	expect(all).toEqual(from(all[0] ?? 0, count));
	expect(await tab.evaluate("gaps")).toEqual([]);
});

test("a channel that is left and joined again begins with what is new", async () => {
	const tab = await open("quiet", "again");
	await leave(tab, "again");
	await until(() => asked().length === 2, { what: "a second stream" });
	await when(tab, 'client.state === "open"');
	await scene.sse.publish("missed", { channel: "again" });
	await enter(tab, "again");
	await until(() => asked().length === 3, { what: "a third stream" });
	await when(tab, 'client.state === "open"');
	await scene.sse.publish("new", { channel: "again" });
	await when(tab, "seen.length > 0");
	expect(await seen<unknown>(tab)).toEqual(["new"]);
});

test("strings are what was published, also with the page's own parser", async () => {
	const tab = await open("text");
	await tab.evaluate(`{
		const own = new EventClient("/stream", { share: "own", parse: (text, type) => type + ":" + text });
		own.channel("text").on("message", (data, { type }) => seen.push([type, data]));
		own.onState((state) => { window.own = state; });
	}`);
	await when(tab, 'window.own === "open"');
	for (const data of ["42", { a: 1 }]) await scene.sse.publish(data, { channel: "text" });
	await when(tab, "seen.length === 4");
	const all = await seen<unknown>(tab);
	expect(all.filter((data) => !Array.isArray(data))).toEqual(["42", { a: 1 }]);
	expect(all.filter((data) => Array.isArray(data))).toEqual([
		["message", "message:42"],
		["message", 'message:{"a":1}'],
	]);
});

for (const [how, leaves] of [
	["is closed", (tab: Page) => tab.close()],
	["is killed", kill],
	["loses its stream, and the hub is away", breakAll],
] as const) {
	test(`tabs with different channels share one connection, also when one ${how}`, async () => {
		const tabs = [await open("a", "b"), await open("b", "c"), await open("c", "a")];
		await connections(scene, 1);
		expect(asked().at(-1)).toBe("a,b,c");
		const flow = startFlow(scene, ["a", "b", "c"]);
		await flow.more(30);
		const [first, second, third] = tabs as [Page, Page, Page];
		await leaves(first);
		await flow.more(30);
		await enter(second, "d");
		await isOpen(second, ["d"]);
		await flow.more(30);
		await leave(third, "a");
		await flow.more(30);
		const count = await flow.stop();
		for (const [tab, channels] of [
			[second, ["b", "c"]],
			[third, ["c"]],
		] as const) {
			await expectAll(tab, channels, count);
		}
		await connections(scene, 1);
	});
}

/** Each message of these channels once, since before the first 30. */
async function expectAll(tab: Page, channels: readonly string[], count: number): Promise<void> {
	for (const all of await numbers(tab, channels, count)) {
		expect(all).toEqual(from(all[0] ?? 0, count));
		expect(all[0]).toBeLessThan(30);
	}
	expect(await tab.evaluate("gaps")).toEqual([]);
}

const lifecycle = async (tab: Page, state: "frozen" | "active") => {
	const session = await browser.context.newCDPSession(tab);
	await session.send("Page.setWebLifecycleState", { state });
};

for (const [how, leaves, returns] of [
	["is frozen", (tab: Page) => lifecycle(tab, "frozen"), (tab: Page) => lifecycle(tab, "active")],
	[
		"is in the back/forward cache",
		(tab: Page) => tab.goto(`${scene.url}/healthz`),
		async (tab: Page) => {
			await tab.goBack({ waitUntil: "commit" });
			await when(tab, "window.persisted === true");
		},
	],
] as const) {
	test(`a tab with channels ${how}, and returns: it misses nothing, and the others do not wait for it`, async () => {
		const tabs = [await open("a", "b"), await open("b", "c")];
		await connections(scene, 1);
		const flow = startFlow(scene, ["a", "b", "c"]);
		await flow.more(30);
		const [first, second] = tabs as [Page, Page];
		const before = asked().length;
		await leaves(first);
		// Channels that only this tab had are left then, or within 30 s.
		await until(() => asked().length > before, { what: asked().join(" ") });
		await flow.more(30);
		await returns(first);
		await when(first, 'client.state === "open"');
		await flow.more(30);
		const count = await flow.stop();
		for (const [tab, channels] of [
			[first, ["a", "b"]],
			[second, ["b", "c"]],
		] as const) {
			await expectAll(tab, channels, count);
		}
		await connections(scene, 1);
	});
}
