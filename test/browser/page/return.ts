import { expect, type TestContext, test } from "vitest";
import { redis as redisConnector } from "../../../src/connectors/redis.ts";
import { ServerSentEvents } from "../../../src/core/sse.ts";
import { publish } from "../../support/hub-client.ts";
import { freePort } from "../../support/ports.ts";
import { startRedis } from "../../support/redis-server.ts";
import type { PageSetting } from "./page-setting.ts";

/** The hub's page while its hub is down, and when it is back. */
export function returnSuite(setting: PageSetting): void {
	/** @returns a function that starts a hub, always on the same port. */
	const hubOnOnePort = async (t: TestContext, env: Record<string, string> = {}) => {
		const port = String(await freePort());
		return () => setting.startHub(t, { ...env, PORT: port });
	};

	test("with history the page gets what was published while its hub was down", async (t) => {
		const redis = await startRedis();
		t.onTestFinished(() => redis.stop());
		const start = await hubOnOnePort(t, {
			SSE_REDIS_URL: redis.url,
			SSE_BROKER_TIMEOUT: "20000",
			SSE_HISTORY_LENGTH: "100",
		});
		const first = await start();
		const page = await setting.visit(first, "away");
		await publish(first, { data: "seen", retry: 100, channel: "away" });
		await page.has("#events > *");
		await first.kill();
		await page.state("waiting");
		const sse = new ServerSentEvents({
			connector: redisConnector(redis.url, { timeout: 20_000, history: {} }),
		});
		t.onTestFinished(() => sse.close());
		await sse.publish("missed", { type: "any", channel: "away" });
		await start();
		await page.shows("#events > *", "missed");
		expect(await page.count("#events > *")).toBe(2);
	});

	test("the page says that its hub is down, and reconnects when it is back", async (t) => {
		const start = await hubOnOnePort(t);
		const killed = await start();
		const page = await setting.visit(killed, "restart");
		await publish(killed, { data: "quick", retry: 100, channel: "restart" });
		await page.has("#events > *");
		await killed.kill();
		await page.state("waiting");
		const restarted = await start();
		await page.state("open");
		await publish(restarted, { data: "back", channel: "restart" });
		await page.shows("#events > *", "back");
	});
}
