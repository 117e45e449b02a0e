import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { redis } from "../../src/connectors/redis.ts";
import { ServerSentEvents } from "../../src/core/sse.ts";
import { freePort } from "../support/ports.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { type Server, startServer } from "../support/server.ts";
import { from, numbers } from "./client-flow.ts";
import { connections, listen, openScene, openTab, type Scene, seen, when } from "./client-scene.ts";
import { openBrowser } from "./support.ts";

/** `edge-sse/client` behind a service worker, which drops the header that a browser's own reconnect sends. */

let browser: Browser;
const scenes: Scene[] = [];
beforeAll(async () => {
	browser = await openBrowser();
});
afterAll(async () => {
	await browser.close();
	await Promise.all(scenes.map((scene) => scene.close()));
});

async function open(
	options?: { pings: boolean },
	query = "",
): Promise<{ scene: Scene; tabs: Page[] }> {
	const scene = await openScene(options);
	scenes.push(scene);
	const context = await browser.newContext();
	const tabs: Page[] = [];
	for (let n = 0; n < 2; n++) tabs.push(await openControlled(context, scene, query));
	return { scene, tabs };
}

/** A tab whose requests all pass through the service worker. */
async function openControlled(context: BrowserContext, scene: Scene, query: string): Promise<Page> {
	const tab = await openTab(context, scene);
	const script = `/service-worker.js${query}`;
	await tab.evaluate(`navigator.serviceWorker.register("${script}").then(() => 0)`);
	await when(tab, "navigator.serviceWorker.controller?.state === 'activated'");
	return tab;
}

for (const [what, query, sent, expected] of [
	// If this fails one day, Chromium sends the header.
	["drops the header of a plain EventSource, which misses what came meanwhile", "", false, [0, 2]],
	["that leaves event streams to the browser does not", "?leave", true, [0, 1, 2]],
] as const) {
	test.concurrent(`a worker ${what}`, async () => {
		const { scene, tabs } = await open({ pings: true }, query);
		const [tab] = tabs as [Page];
		await tab.evaluate(`{
			window.opened = 0;
			window.source = new EventSource("/stream?channel=plain");
			source.onopen = () => opened++;
			source.onmessage = ({ data }) => seen.push(Number(data));
		}`);
		await when(tab, "opened === 1");
		await scene.sse.publish(0, { channel: "plain", retry: 50 });
		await when(tab, "seen.length === 1");
		scene.cut();
		await scene.sse.publish(1, { channel: "plain" });
		await when(tab, "opened === 2");
		await scene.sse.publish(2, { channel: "plain" });
		await when(tab, "seen.includes(2)");
		expect(await seen(tab)).toEqual(expected);
		expect(scene.requests.map((query) => query.has("last-event-id"))).toEqual([false, sent]);
	});
}

for (const [what, options, share] of [
	["one tab", {}, false],
	["tabs that share, on a hub that sends no pings to others", { pings: false }, true],
] as const) {
	test.concurrent(`${what}: the stream ends and comes back, and each event comes once`, async () => {
		const { scene, tabs } = await open({ pings: true, ...options });
		const channels = ["one", "two"];
		for (const tab of tabs) await listen(tab, channels, { share });
		let count = 0;
		const say = async () => {
			for (const end = count + 20; count < end; count++) {
				for (const channel of channels) await scene.sse.publish([channel, count], { channel });
			}
		};
		for (let round = 0; round < 2; round++) {
			await say();
			scene.cut();
			// Some messages are still on their way then, and some come while no stream is open.
			await say();
			for (const tab of tabs) await when(tab, 'client.state === "waiting"');
			await say();
			for (const tab of tabs) await when(tab, 'client.state === "open"');
		}
		await say();
		for (const tab of tabs) {
			expect(await numbers(tab, channels, count)).toEqual([from(0, count), from(0, count)]);
			expect(await tab.evaluate("[gaps, errors]")).toEqual([[], []]);
		}
		expect(scene.requests.map((query) => query.has("last-event-id"))).not.toContain(true);
		await connections(scene, share ? 1 : 2);
	});
}

test.concurrent("the hub is killed, and stopped, and started again", async () => {
	const broker: RedisServer = await startRedis();
	const publisher = new ServerSentEvents({
		connector: redis(broker.url, { history: {}, timeout: 20_000 }),
	});
	const servers: Server[] = [];
	try {
		const { scene, tabs } = await open();
		const [tab] = tabs as [Page];
		const port = await freePort();
		const start = async () => {
			const env = {
				PORT: String(port),
				SSE_REDIS_URL: broker.url,
				SSE_BROKER_TIMEOUT: "20000",
				SSE_HISTORY_LENGTH: "1000",
				SSE_CORS_ORIGIN: scene.url,
			};
			servers.push(await startServer("node", { env }));
			return servers.at(-1) as Server;
		};
		let hub = await start();
		await tab.evaluate(`listen("${hub.url}/stream", {}, "message")`);
		await when(tab, 'client.state === "open"');
		let count = 0;
		const say = async (times: number) => {
			for (let n = 0; n < times; n++) await publisher.publish(count++);
		};
		for (const way of ["kill", "stop"] as const) {
			await say(5);
			await when(tab, `seen.length === ${count}`);
			await hub[way]();
			await say(5);
			hub = await start();
			await say(2);
			await when(tab, `client.state === "open" && seen.length >= ${count}`);
			await say(5);
			await when(tab, `seen.length >= ${count}`);
		}
		expect(await seen(tab)).toEqual(from(0, count));
		expect(await tab.evaluate("[gaps, errors]")).toEqual([[], []]);
	} finally {
		await Promise.all(servers.map((server) => server.kill()));
		await publisher.close();
		await broker.stop();
	}
});
