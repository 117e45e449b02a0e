import { expect, it } from "vitest";
import { health, post, publish, streamUrl } from "../../support/hub-client.ts";
import { until } from "../../support/wait.ts";
import type { Fixture } from "../fixture.ts";

const timeout = 25_000;

/** Redis down at the start, and killed during operation. */
export function faults(fixture: Fixture): void {
	it("sends clients away for a while as long as Redis is down, and they come back", async (t) => {
		const scene = fixture.scene(t);
		const { channel } = scene;
		const redis = await scene.redis();
		await redis.kill();
		const hub = await scene.hub({ SSE_REDIS_URL: redis.url, SSE_BROKER_TIMEOUT: "10000" });

		const away = await scene.open(streamUrl(hub, channel));
		expect(away.status).toBe(200);
		expect(away.headers.get("content-type")).toBe("text/event-stream");
		await away.end();
		expect(away).toMatchObject({ state: "ended", events: [] });
		expect(away.retries).toHaveLength(1);
		expect(away.retries[0]).toBeGreaterThanOrEqual(1_000);

		const { status, json } = await post(hub, { data: "lost", channel });
		expect(status).toBe(503);
		expect(json).toEqual({ error: expect.stringContaining("not published") });

		const source = scene.eventSource(streamUrl(hub, channel));
		const seen: string[] = [];
		source.addEventListener("message", (event) => seen.push(event.data));
		await new Promise((turnedAway) => source.addEventListener("error", turnedAway));
		await redis.restart();
		await until(async () => (await redis.numsub(channel)) === 1, {
			what: "the EventSource to come back by itself",
			timeout,
		});
		expect(await publish(hub, { data: "found", channel })).toBe(1);
		await until(() => seen.length > 0, { what: "the event", timeout });
		// What was refused with 503 must not have been published late.
		expect(seen).toEqual(["found"]);
	});

	it("keeps its streams open when Redis is killed, and continues when it is back", async (t) => {
		const scene = fixture.scene(t);
		const redis = await scene.redis();
		const hub = await scene.hub({ SSE_REDIS_URL: redis.url, SSE_BROKER_TIMEOUT: "10000" });
		const channels = ["a", "b"].map((name) => `${scene.channel}.${name}`);
		const streams = await Promise.all(
			channels.map((channel) => scene.open(streamUrl(hub, channel))),
		);
		const publishAll = async (data: string) => {
			for (const channel of channels) await publish(hub, { data, channel });
		};
		await publishAll("before");
		for (const stream of streams) await stream.event(1);

		await redis.kill();
		expect(await health(hub)).toMatchObject({ status: "unavailable", connector: "redis" });
		expect((await post(hub, { data: "lost", channel: channels[0] })).status).toBe(503);
		await redis.restart();
		const back = performance.now();
		for (const channel of channels) {
			await until(async () => (await redis.numsub(channel)) === 1, {
				what: `the subscription to ${channel} after Redis was restarted`,
				timeout,
			});
		}
		const restored = Math.round(performance.now() - back);
		// The publishing connection may not have reconnected yet.
		await until(async () => (await post(hub, { data: "probe" })).status === 200, {
			what: "publishing to work again",
			timeout,
		});
		const publishable = Math.round(performance.now() - back);
		console.log(
			`${fixture.runtime.name}: after Redis was back, subscribed in ${restored} ms, ` +
				`published in ${publishable} ms`,
		);
		await until(async () => (await health(hub)).status === "ok", { what: "its health to return" });
		await publishAll("after");
		for (const stream of streams) {
			expect(await stream.data(2)).toEqual(["before", "after"]);
			expect(stream.state).toBe("open");
		}
	});
}
