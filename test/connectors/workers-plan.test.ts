import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { openSocketStream } from "../support/event-stream.ts";
import { call } from "../support/hub-client.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { startHubInWorkerd } from "../support/worker.ts";

/** The free plan's budget is 40 events, minus each stream's own share of the last tenth. */
const events = 45;

let redis: RedisServer;
beforeAll(async () => {
	redis = await startRedis();
});
afterAll(() => redis.stop());

test.each([
	{ of: "objects, held by the Worker", env: { SSE_HOLD: "worker", SSE_WORKERS_PLAN: "free" } },
	{ of: "Redis", env: { SSE_WORKERS_PLAN: "free" }, onRedis: true },
])("on the free plan a stream of $of ends before its CPU time does", async ({ env, onRedis }) => {
	const stream = await published(env, onRedis);
	await stream.end();
	expect(stream.events.length).toBeGreaterThanOrEqual(20);
	expect(stream.events.length).toBeLessThanOrEqual(40);
	expect(stream.retries).toHaveLength(1);
});

test.each([
	{ what: "a stream on the paid plan, the default,", env: { SSE_HOLD: "worker" } },
	{ what: "a stream on the free plan that the object makes", env: { SSE_WORKERS_PLAN: "free" } },
])("$what goes on", async ({ env }) => {
	const stream = await published(env);
	expect(await stream.data(events)).toHaveLength(events);
	expect(stream.state).toBe("open");
});

/** A stream of a hub with these variables, and this many events published to it. */
async function published(env: Record<string, string>, onRedis = false) {
	const hub = await startHubInWorkerd({
		SSE_PUBLISH_OPEN: "true",
		SSE_BROKER_TIMEOUT: "20000",
		...(onRedis && { SSE_REDIS_URL: redis.url }),
		...env,
	});
	onTestFinished(() => hub.kill());
	const stream = await openSocketStream(`${hub.url}/stream?channel=news`);
	onTestFinished(() => stream.close());
	await stream.comment();
	for (let n = 0; n < events; n++) {
		const body = JSON.stringify({ channel: "news", data: n });
		const { status } = await call(`${hub.url}/publish`, { method: "POST", body });
		expect(status).toBe(200);
	}
	return stream;
}
