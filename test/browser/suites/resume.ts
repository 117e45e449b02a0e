import { afterAll, beforeAll, expect, type TestContext, test } from "vitest";
import { redis } from "../../../src/connectors/redis.ts";
import { ServerSentEvents } from "../../../src/core/sse.ts";
import { freePort } from "../../support/ports.ts";
import { type RedisServer, startRedis } from "../../support/redis-server.ts";
import { type Server, startServer } from "../../support/server.ts";
import { when } from "../client-scene.ts";
import type { Tab } from "../engines/engine.ts";
import type { Setting } from "./setting.ts";

/** A page's plain EventSource, over the restart of a server. */

const names = (test: string, count: number) =>
	Array.from({ length: count }, (_, n) => `${test}.${n}`);

async function seen(page: Tab, count: number): Promise<Map<string, number[]>> {
	await when(page, `seen.length >= ${count}`);
	const numbers = new Map<string, number[]>();
	for (const [channel, n] of await page.evaluate<[string, number][]>("seen")) {
		numbers.set(channel, [...(numbers.get(channel) ?? []), n]);
	}
	return numbers;
}

export function resumeSuite(setting: Setting): void {
	let broker: RedisServer;
	let publisher: ServerSentEvents;
	beforeAll(async () => {
		broker = await startRedis();
		publisher = new ServerSentEvents({
			// Six servers and pages begin at once: the time of a publish is not what is tested.
			connector: redis(broker.url, { timeout: 20_000, history: { maxLength: 50 } }),
		});
	});
	afterAll(async () => {
		await publisher.close();
		await broker.stop();
	});

	async function startOn(t: TestContext, port: number): Promise<Server> {
		const env = {
			PORT: String(port),
			SSE_REDIS_URL: broker.url,
			SSE_BROKER_TIMEOUT: "20000",
			SSE_HISTORY_LENGTH: "50",
		};
		const server = await startServer("node", { env });
		t.onTestFinished(() => server.kill());
		return server;
	}

	async function listen(t: TestContext, url: string, channels: readonly string[]): Promise<Tab> {
		const page = await setting.newPage(t);
		await page.goto(`${url}/healthz`);
		const query = new URLSearchParams(channels.map((channel) => ["channel", channel]));
		await page.evaluate(`{
		window.seen = [];
		window.gaps = [];
		window.opened = 0;
		const source = window.source = new EventSource("/stream?${query}");
		source.onopen = () => opened++;
		source.onmessage = ({ data }) => seen.push(JSON.parse(data));
		source.addEventListener("sse.gap", ({ data }) => gaps.push(JSON.parse(data)));
	} 0`);
		await when(page, "opened === 1");
		return page;
	}

	/** One to each channel, numbered, with a retry time that suits a test. */
	async function say(channels: readonly string[], n: number): Promise<void> {
		for (const channel of channels) {
			await publisher.publish([channel, n], { channel, retry: 100 });
		}
	}

	for (const [how, count] of [
		["killed", 1],
		["killed", 3],
		["stopped", 1],
		["stopped", 3],
	] as const) {
		if (count === 1 && !setting.long) continue;
		test.concurrent(`a server that is ${how} and started again: ${count} of its channels, nothing lost, nothing twice`, async (t) => {
			const port = await freePort();
			const channels = names(`${how}.${count}`, count);
			const first = await startOn(t, port);
			const page = await listen(t, first.url, channels);
			await say(channels, 0);
			await say(channels, 1);
			await seen(page, 2 * count);
			if (how === "killed") await first.kill();
			else await first.stop();
			for (const n of [2, 3, 4]) await say(channels, n);
			const second = await startOn(t, port);
			await when(page, "opened === 2");
			await say(channels, 5);
			expect(second.url).toBe(first.url);
			const expected = new Map(channels.map((channel) => [channel, [0, 1, 2, 3, 4, 5]]));
			expect(await seen(page, 6 * count)).toEqual(expected);
			expect(await page.evaluate("gaps")).toEqual([]);
		});
	}

	test.concurrent("before anything was published it has an id to come back with, too", async (t) => {
		const port = await freePort();
		const channels = names("early", 2);
		const first = await startOn(t, port);
		const page = await listen(t, first.url, channels);
		await first.kill();
		await say(channels, 0);
		await startOn(t, port);
		await when(page, "opened === 2");
		await say(channels, 1);
		// A browser that ignores an id without data begins at the present.
		const numbers = setting.engine.has.has("an id without data") ? [0, 1] : [1];
		const expected = new Map(channels.map((channel) => [channel, numbers]));
		expect(await seen(page, channels.length * numbers.length)).toEqual(expected);
		expect(await page.evaluate("gaps")).toEqual([]);
	});

	test.concurrent("what was missed and is no longer kept is reported as a gap, and the rest comes", async (t) => {
		const port = await freePort();
		const channels = names("gap", 1);
		const first = await startOn(t, port);
		const page = await listen(t, first.url, channels);
		await say(channels, 0);
		await seen(page, 1);
		await first.kill();
		for (let n = 1; n < 80; n++) await say(channels, n);
		await startOn(t, port);
		await when(page, "seen.some(([, n]) => n === 79)");
		const [numbers = []] = [...(await seen(page, 1)).values()];
		const gaps = await page.evaluate<{ channel: string }[]>("gaps");
		expect(gaps.map(({ channel }) => channel)).toEqual(channels);
		const resumed = numbers[1] ?? 0;
		expect(resumed).toBeGreaterThan(1);
		expect(resumed).toBeLessThanOrEqual(30);
		expect(numbers.slice(1)).toEqual(Array.from({ length: 80 - resumed }, (_, i) => resumed + i));
	});
}
