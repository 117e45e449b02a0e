import { expect, onTestFinished, test } from "vitest";
import { redis as redisConnector } from "../../src/connectors/redis.ts";
import { ServerSentEvents } from "../../src/core/sse.ts";
import { publish } from "../support/hub-client.ts";
import { freePort } from "../support/ports.ts";
import { startRedis } from "../support/redis-server.ts";
import { startServer } from "../support/server.ts";
import { PageScene, state } from "./page-scene.ts";

/** The hub's own page when its hub is gone, and back. */

const scene = new PageScene();

test("what comes while the page was away comes with it, where there is history", async () => {
	const port = await freePort();
	const redis = await startRedis();
	onTestFinished(() => redis.stop());
	const env = {
		PORT: String(port),
		SSE_REDIS_URL: redis.url,
		SSE_BROKER_TIMEOUT: "20000",
		SSE_HISTORY_LENGTH: "100",
	};
	const start = async () => {
		const server = await startServer("node", { env });
		onTestFinished(() => server.kill());
		return server;
	};
	const first = await start();
	const { page } = await scene.visit(first, "away");
	await publish(first, { data: "seen", retry: 100, channel: "away" });
	await page.locator("#events > *").waitFor();
	await first.kill();
	await state(page, "waiting");
	const sse = new ServerSentEvents({ connector: redisConnector(redis.url, { history: {} }) });
	onTestFinished(() => sse.close());
	await sse.publish("missed", { type: "any", channel: "away" });
	await start();
	await page.locator("#events > *", { hasText: "missed" }).waitFor();
	expect(await page.locator("#events > *").count()).toBe(2);
});

test("it says when the hub is gone, and comes back with it", async () => {
	const port = await freePort();
	const start = async () => {
		const server = await startServer("node", { env: { PORT: String(port) } });
		onTestFinished(() => server.kill());
		return server;
	};
	const killed = await start();
	const { page } = await scene.visit(killed, "restart");
	await publish(killed, { data: "quick", retry: 100, channel: "restart" });
	await page.locator("#events > *").waitFor();
	await killed.kill();
	await state(page, "waiting");
	const restarted = await start();
	await state(page, "open");
	await publish(restarted, { data: "back", channel: "restart" });
	await page.locator("#events > *", { hasText: "back" }).waitFor();
});
