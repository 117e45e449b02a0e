import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../support/wait.ts";
import {
	connections,
	listen,
	openScene,
	openTab,
	path,
	type Scene,
	type SceneOptions,
	seen,
	when,
} from "./client-scene.ts";
import { openBrowser } from "./support.ts";

/** `edge-sse/client` in one tab whose stream is lost. */

let browser: Browser;
const scenes: Scene[] = [];
beforeAll(async () => {
	browser = await openBrowser();
});
afterAll(async () => {
	await browser.close();
	await Promise.all(scenes.map((scene) => scene.close()));
});

/** A hub and a tab to each test. */
async function open(options?: SceneOptions): Promise<{ scene: Scene; tab: Page }> {
	const scene = await openScene(options);
	scenes.push(scene);
	return { scene, tab: await openTab(await browser.newContext(), scene) };
}

const states = (tab: Page) => tab.evaluate<string[]>("states");

test.concurrent("a lost stream is opened again after 2 to 6 s, from the last id in the URL", async () => {
	const { scene, tab } = await open();
	await listen(tab, "lost");
	await scene.sse.publish(0, { channel: "lost", retry: 50 });
	await when(tab, "seen.length === 1");
	scene.cut();
	const lost = performance.now();
	await scene.sse.publish(1, { channel: "lost" });
	await until(() => scene.requests.length === 2, { what: "a second request", timeout: 9_000 });
	expect(performance.now() - lost).toBeGreaterThan(1_900);
	await when(tab, "seen.length === 2");
	expect(await seen(tab)).toEqual([0, 1]);
	expect(await states(tab)).toEqual(["connecting", "open", "waiting", "connecting", "open"]);
	// Never by the header, which is the browser's alone to send, and a service worker's to lose.
	expect(scene.requests.map((query) => query.has("last-event-id"))).toEqual([false, false]);
	expect(scene.requests[1]?.get("lastEventId")).toMatch(/^\d+-\d+$/);
});

test.concurrent("it comes back when the server says", async () => {
	const { scene, tab } = await open();
	const times: number[] = [];
	scene.answer = () => {
		const wait = [10, 1_500][times.push(performance.now()) - 1];
		const body = `retry:60000\n\nevent:sse.retry\ndata:${wait}\n\n`;
		if (wait === undefined) return undefined;
		return new Response(body, { headers: { "content-type": "text/event-stream" } });
	};
	await listen(tab, "told");
	// The first two are open for a moment, which a page may see.
	await until(() => times.length === 3, { what: "a third request", timeout: 9_000 });
	await when(tab, 'client.state === "open"');
	const [first = 0, second = 0, third = 0] = times;
	expect(second - first).toBeLessThan(1_400);
	expect(third - second).toBeGreaterThan(1_450);
	expect(third - second).toBeLessThan(5_000);
	expect(times).toHaveLength(3);
	// Without a single event it knows where to go on from.
	scene.cut();
	await scene.sse.publish(1, { channel: "told" });
	await when(tab, "seen.length === 1");
});

test.concurrent("a URL that is made anew: a fresh token each time, and the last id goes with it", async () => {
	const { scene, tab } = await open();
	await tab.evaluate(`{
		let token = 0;
		const url = async () => {
			if (++token === 2) throw new Error("no token");
			return "/stream?channel=token&token=" + token;
		};
		listen(url, {}, "message");
	}`);
	await when(tab, 'client.state === "open"');
	await scene.sse.publish(0, { channel: "token" });
	await when(tab, "seen.length === 1");
	scene.cut();
	await when(tab, 'client.state === "waiting"');
	await scene.sse.publish(1, { channel: "token" });
	await when(tab, "seen.length === 2");
	expect(await seen(tab)).toEqual([0, 1]);
	expect(scene.requests.map((query) => query.get("token"))).toEqual(["1", "3"]);
	expect(scene.requests[1]?.get("lastEventId")).toMatch(/^\d+-\d+$/);
	expect(await tab.evaluate("errors")).toEqual(["Uncaught Error: no token"]);
});

test.concurrent("a token in a header: asked for each connection, and once more when it was refused", async () => {
	const { scene, tab } = await open();
	const loaded: string[] = [];
	tab.on("request", (request) => loaded.push(request.url()));
	await listen(tab, "plain");
	expect(loaded.filter((url) => url.endsWith(".js"))).toEqual([]);
	await tab.evaluate("client.close()");
	await connections(scene, 0);
	scene.answer = (query) =>
		query.get("authorization") === "2" ? new Response("", { status: 401 }) : undefined;
	await tab.evaluate(`{
		let token = 0;
		listen("${path("header")}", { headers: async () => ({ authorization: String(++token) }) }, "message");
	}`);
	await when(tab, 'client.state === "open"');
	await scene.sse.publish(0, { channel: "header", retry: 300 });
	await when(tab, "seen.length === 1");
	scene.cut();
	await scene.sse.publish(1, { channel: "header" });
	await when(tab, "seen.length === 2");
	expect(await seen(tab)).toEqual([0, 1]);
	const asked = scene.requests.filter((query) => query.has("channel", "header"));
	expect(asked.map((query) => query.get("authorization"))).toEqual(["1", "2", "3"]);
	expect(asked.map((query) => query.has("lastEventId"))).toEqual([false, false, false]);
	expect(asked[2]?.get("last-event-id")).toMatch(/^\d+-\d+$/);
	expect(loaded.filter((url) => url.endsWith(".js"))).toHaveLength(1);
});

test.concurrent("a refusal is tried again, later each time", async () => {
	const { scene, tab } = await open();
	scene.answer = () => new Response("", { status: 503 });
	const times: number[] = [];
	await tab.evaluate(`listen("${path("refused")}", {}, "message")`);
	for (const count of [1, 2, 3]) {
		await until(() => scene.requests.length === count, {
			what: `${count} requests`,
			timeout: 16_000,
		});
		times.push(performance.now());
	}
	scene.answer = undefined;
	const [first = 0, second = 0, third = 0] = times;
	expect(second - first).toBeGreaterThan(1_950);
	expect(second - first).toBeLessThan(9_000);
	expect(third - second).toBeGreaterThan(3_950);
	await when(tab, 'client.state === "open"');
	expect((await states(tab)).slice(0, 3)).toEqual(["connecting", "waiting", "connecting"]);
});

test.concurrent("with `retry: false` a refusal is final", async () => {
	const { scene, tab } = await open();
	scene.answer = () => new Response("", { status: 403 });
	await tab.evaluate(`listen("${path("refused")}", { retry: false }, "message")`);
	await when(tab, 'states.at(-1) === "closed"');
	expect(await states(tab)).toEqual(["connecting", "closed"]);
	expect(scene.requests).toHaveLength(1);
});

for (const [how, scene, options] of [
	["than three pings take", { keepAlive: 200 }, {}],
	["than `watchdog` says", { pings: false }, { watchdog: 400 }],
] as const) {
	test.concurrent(`a stream that is silent for longer ${how} is opened anew`, async () => {
		const { scene: hub, tab } = await open(scene);
		await listen(tab, "silent", options);
		if (!("watchdog" in options)) {
			await tab.evaluate("client.on('sse.ping', () => { window.pinged = true; }); 0");
			await when(tab, "window.pinged");
		}
		await hub.sse.publish(0, { channel: "silent" });
		await when(tab, "seen.length === 1");
		hub.mute(true);
		await hub.sse.publish(1, { channel: "silent" });
		await when(tab, "seen.length === 2");
		expect(await seen(tab)).toEqual([0, 1]);
		await when(tab, 'client.state === "open"');
		expect((await states(tab)).slice(0, 4)).toEqual(["connecting", "open", "connecting", "open"]);
		await connections(hub, 1);
	});
}

test.concurrent("pings keep a quiet stream as it is, and are told to nobody", async () => {
	const { scene, tab } = await open({ keepAlive: 2_000 });
	let pings = 0;
	await tab.exposeFunction("ping", () => pings++);
	await tab.evaluate("listen('/stream', {}, 'message'); client.on('sse.ping', () => ping());");
	await until(() => pings >= 5, { what: "more pings than it waits for", timeout: 30_000 });
	expect(scene.requests).toHaveLength(1);
	expect(await states(tab)).toEqual(["connecting", "open"]);
	expect(await seen(tab)).toEqual([]);
});

test.concurrent("when the network is back the stream is opened anew", async () => {
	const { scene, tab } = await open({ pings: false });
	await listen(tab, "network");
	await scene.sse.publish(0, { channel: "network" });
	await when(tab, "seen.length === 1");
	scene.mute(true);
	await scene.sse.publish(1, { channel: "network" });
	// As after a change of networks: the old connection is dead, and nothing says so.
	await tab.evaluate("dispatchEvent(new Event('online')); 0");
	await when(tab, "seen.length === 2");
	expect(await seen(tab)).toEqual([0, 1]);
});

test.concurrent("a gap is an event", async () => {
	const { scene, tab } = await open({ history: 3 });
	await listen(tab, "gap");
	await scene.sse.publish(0, { channel: "gap", retry: 50 });
	await when(tab, "seen.length === 1");
	scene.answer = () => new Response("", { status: 503 });
	scene.cut();
	await when(tab, 'client.state === "waiting"');
	for (let n = 1; n < 9; n++) await scene.sse.publish(n, { channel: "gap" });
	scene.answer = undefined;
	await when(tab, "seen.includes(8)");
	expect(await tab.evaluate("gaps")).toMatchObject([{ channel: "gap" }]);
});

test.concurrent("without history and pings, what is new comes", async () => {
	const { scene, tab } = await open({ history: 0, pings: false });
	await listen(tab, "plain");
	for (const id of ["2.a", "1.a", "1.a", ""]) {
		await scene.sse.publish(id, { channel: "plain", id, retry: 50 });
	}
	await when(tab, "seen.length === 4");
	scene.cut();
	await when(tab, 'states.join() === "connecting,open,waiting,connecting,open"');
	await scene.sse.publish("new", { channel: "plain" });
	await when(tab, "seen.length === 5");
	expect(await seen<unknown>(tab)).toEqual(["2.a", "1.a", "1.a", "", "new"]);
});
