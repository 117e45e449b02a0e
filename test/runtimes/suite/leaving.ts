import { expect, it } from "vitest";
import { health, publish, streamUrl } from "../../support/hub-client.ts";
import { until } from "../../support/wait.ts";
import type { Fixture, Scene } from "../fixture.ts";

const timeout = 20_000;

/** Clients that leave, in every way they do, and what is freed then. */
export function leaving(fixture: Fixture): void {
	const { sharesUpstream, noticesDeparture } = fixture.runtime;

	const subscribed = (channel: string, count: number) =>
		until(async () => (await fixture.redis.numsub(channel)) === count, {
			what: `${count} subscriptions to ${channel} in Redis`,
			timeout,
		});

	const ways: Record<string, (scene: Scene, url: string) => Promise<() => void>> = {
		"aborts its fetch": async (scene, url) => {
			const stream = await scene.open(url);
			await stream.comment();
			return () => stream.close();
		},
		"resets its connection": async (scene, url) => {
			const stream = await scene.openSocket(url);
			await stream.comment();
			return () => stream.reset();
		},
		"closes its EventSource": async (scene, url) => {
			const source = scene.eventSource(url);
			await new Promise((open) => source.addEventListener("open", open));
			return () => source.close();
		},
		"leaves before it has read anything": async (scene, url) => {
			const stream = await scene.openSocket(url);
			return () => stream.close();
		},
	};

	it.for(Object.keys(ways))("frees the subscription of a client that %s", async (way, t) => {
		const scene = fixture.scene(t);
		const leave = await ways[way]?.(scene, streamUrl(fixture.hub("redis"), scene.channel));
		// Redis has it before the first byte has left.
		expect(await fixture.redis.numsub(scene.channel)).toBe(1);
		leave?.();
		await subscribed(scene.channel, 0);
	});

	it("frees it also after events went through, and for each channel", async (t) => {
		const scene = fixture.scene(t);
		const hub = fixture.hub("redis");
		const channels = ["a", "b", "c"].map((name) => `${scene.channel}.${name}`);
		const stream = await scene.open(streamUrl(hub, ...channels));
		for (const channel of channels) await publish(hub, { data: channel, channel });
		await stream.event(3);
		stream.close();
		for (const channel of channels) await subscribed(channel, 0);
	});

	it("counts its clients and channels down to none, without Redis too", async (t) => {
		const scene = fixture.scene(t);
		const keepAlive = noticesDeparture ? "600000" : "300";
		const settings = { SSE_LINGER: "50", SSE_KEEP_ALIVE: keepAlive };
		// Where nothing is shared, each request has channels of its own, and the brokers are Redis'.
		const env = sharesUpstream ? settings : { ...settings, ...fixture.onRedis };
		const hub = await scene.hub(env);
		const counts = (connections: number, channels: number) =>
			until(
				async () => {
					const seen = await health(hub);
					return seen.connections === connections && seen.channels === channels;
				},
				{ what: `${connections} connections and ${channels} channels`, timeout },
			);
		const [a, b] = [`${scene.channel}.a`, `${scene.channel}.b`];
		const one = await scene.open(streamUrl(hub, a));
		const two = await scene.openSocket(streamUrl(hub, a, b));
		await Promise.all([one.comment(), two.comment()]);
		await counts(2, sharesUpstream ? 2 : 3);
		one.close();
		await counts(1, 2);
		two.reset();
		await counts(0, 0);
	});

	it("costs Redis nothing when a page is reloaded", async (t) => {
		const scene = fixture.scene(t);
		const { channel } = scene;
		const redis = await scene.redis();
		const keepAlive = noticesDeparture ? "600000" : "300";
		const hub = await scene.hub({
			SSE_REDIS_URL: redis.url,
			SSE_BROKER_TIMEOUT: "20000",
			SSE_KEEP_ALIVE: keepAlive,
			SSE_LINGER: "600000",
		});
		const subscribes = () => redis.calls("subscribe");
		for (let visit = 1; visit <= 3; visit++) {
			const stream = await scene.open(streamUrl(hub, channel));
			await stream.comment();
			await publish(hub, { data: visit, channel });
			expect(await stream.event()).toMatchObject({ data: String(visit) });
			expect(await redis.numsub(channel)).toBe(1);
			stream.close();
			await until(async () => (await health(hub)).connections === 0, {
				what: "the hub to notice that its client has left",
				timeout,
			});
			// On Workers nothing lingers: a subscription ends with its request.
			if (sharesUpstream) expect(await redis.numsub(channel)).toBe(1);
			else await until(async () => (await redis.numsub(channel)) === 0, { what: "none", timeout });
		}
		// A process that streams also listens to the others: one subscription more, which lingers as well.
		expect(await subscribes()).toBe(sharesUpstream ? 2 : 3);
	});
}
