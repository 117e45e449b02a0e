import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { redis } from "../../src/connectors/redis.ts";
import { ServerSentEvents } from "../../src/core/sse.ts";
import { freePort } from "../support/ports.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { type Server, startServer } from "../support/server.ts";
import { openBrowser, openPage } from "./support.ts";

/** A page's plain EventSource, over the end of one server and the begin of the next. */

let browser: Browser;
let broker: RedisServer;
let publisher: ServerSentEvents;
const servers: Server[] = [];
beforeAll(async () => {
	[browser, broker] = await Promise.all([openBrowser(), startRedis()]);
	publisher = new ServerSentEvents({
		// Six servers and pages begin at once: how soon a publish is through is not what is tested.
		connector: redis(broker.url, { timeout: 20_000, history: { maxLength: 50 } }),
	});
});
afterAll(async () => {
	await browser.close();
	await publisher.close();
	await Promise.all(servers.map((server) => server.kill()));
	await broker.stop();
});

async function startOn(port: number): Promise<Server> {
	const env = { PORT: String(port), SSE_REDIS_URL: broker.url, SSE_HISTORY_LENGTH: "50" };
	const server = await startServer("node", { env });
	servers.push(server);
	return server;
}

async function listen(url: string, channels: readonly string[]): Promise<Page> {
	const { page } = await openPage(browser);
	await page.goto(`${url}/healthz`);
	const query = new URLSearchParams(channels.map((channel) => ["channel", channel]));
	await page.setContent(`<!doctype html><script>
		const seen = [], gaps = [];
		let opened = 0;
		const source = new EventSource("/stream?${query}");
		source.onopen = () => opened++;
		source.onmessage = ({ data }) => seen.push(JSON.parse(data));
		source.addEventListener("sse.gap", ({ data }) => gaps.push(JSON.parse(data)));
	</script>`);
	await page.waitForFunction("opened === 1");
	return page;
}

const names = (test: string, count: number) =>
	Array.from({ length: count }, (_, n) => `${test}.${n}`);

/** One to each channel, numbered, with a time to come back that suits a test. */
async function say(channels: readonly string[], n: number): Promise<void> {
	for (const channel of channels) {
		await publisher.publish([channel, n], { channel, retry: 100 });
	}
}

async function seen(page: Page, count: number): Promise<Map<string, number[]>> {
	await page.waitForFunction(`seen.length >= ${count}`);
	const numbers = new Map<string, number[]>();
	for (const [channel, n] of await page.evaluate<[string, number][]>("seen")) {
		numbers.set(channel, [...(numbers.get(channel) ?? []), n]);
	}
	return numbers;
}

for (const [how, count] of [
	["killed", 1],
	["killed", 3],
	["stopped", 1],
	["stopped", 3],
] as const) {
	test.concurrent(`a server that is ${how} and started again: ${count} of its channels, nothing lost, nothing twice`, async () => {
		const port = await freePort();
		const channels = names(`${how}.${count}`, count);
		const first = await startOn(port);
		const page = await listen(first.url, channels);
		await say(channels, 0);
		await say(channels, 1);
		await seen(page, 2 * count);
		if (how === "killed") await first.kill();
		else await first.stop();
		for (const n of [2, 3, 4]) await say(channels, n);
		const second = await startOn(port);
		await page.waitForFunction("opened === 2");
		await say(channels, 5);
		expect(second.url).toBe(first.url);
		const expected = new Map(channels.map((channel) => [channel, [0, 1, 2, 3, 4, 5]]));
		expect(await seen(page, 6 * count)).toEqual(expected);
		expect(await page.evaluate("gaps")).toEqual([]);
	});
}

test.concurrent("before anything was published it has a place to come back to, too", async () => {
	const port = await freePort();
	const channels = names("early", 2);
	const first = await startOn(port);
	const page = await listen(first.url, channels);
	await first.kill();
	await say(channels, 0);
	await startOn(port);
	await page.waitForFunction("opened === 2");
	await say(channels, 1);
	expect(await seen(page, 4)).toEqual(new Map(channels.map((channel) => [channel, [0, 1]])));
	expect(await page.evaluate("gaps")).toEqual([]);
});

test.concurrent("what was missed and is not kept any more is told, and the rest comes", async () => {
	const port = await freePort();
	const channels = names("gap", 1);
	const first = await startOn(port);
	const page = await listen(first.url, channels);
	await say(channels, 0);
	await seen(page, 1);
	await first.kill();
	for (let n = 1; n < 80; n++) await say(channels, n);
	await startOn(port);
	await page.waitForFunction("seen.some(([, n]) => n === 79)");
	const [numbers = []] = [...(await seen(page, 1)).values()];
	const gaps = await page.evaluate<{ channel: string }[]>("gaps");
	expect(gaps.map(({ channel }) => channel)).toEqual(channels);
	const resumed = numbers[1] ?? 0;
	expect(resumed).toBeGreaterThan(1);
	expect(resumed).toBeLessThanOrEqual(30);
	expect(numbers.slice(1)).toEqual(Array.from({ length: 80 - resumed }, (_, i) => resumed + i));
});
