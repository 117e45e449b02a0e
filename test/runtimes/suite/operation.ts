import { expect, it } from "vitest";
import { call, health, json, post, publish, streamUrl } from "../../support/hub-client.ts";
import { later, until } from "../../support/wait.ts";
import type { Fixture } from "../fixture.ts";

/** What an operator sets and sees. */
export function operation(fixture: Fixture): void {
	const { sharesUpstream } = fixture.runtime;
	it("serves the channels of SSE_CHANNELS alone", async (t) => {
		const scene = fixture.scene(t);
		const hub = await scene.hub({ ...fixture.onRedis, SSE_CHANNELS: "news, room.*" });
		for (const channel of ["news", "room.1"]) {
			const stream = await scene.open(streamUrl(hub, channel));
			await stream.comment();
			await publish(hub, { data: channel, channel });
			expect(await stream.event()).toMatchObject({ data: channel });
		}
		for (const channels of [["sse"], ["news", "other"], ["Room.1"]]) {
			const refusal = await call(streamUrl(hub, ...channels));
			expect(refusal.status).toBe(403);
			expect(json(refusal)).toEqual({ error: expect.stringMatching(/^channel: /) });
		}
		const { status, json: answer } = await post(hub, { data: 1, channel: "other" });
		expect(status).toBe(400);
		expect(answer.error).toMatch(/channel: .*channels\.allowed/);
	});

	it("puts SSE_CHANNEL_PREFIX before its channels in Redis", async (t) => {
		const scene = fixture.scene(t);
		const { channel } = scene;
		const hub = await scene.hub({ ...fixture.onRedis, SSE_CHANNEL_PREFIX: "mine:" });
		const stream = await scene.open(streamUrl(hub, channel));
		await stream.comment();
		expect(await fixture.redis.numsub(`mine:${channel}`)).toBe(1);
		expect(await fixture.redis.numsub(channel)).toBe(0);
		expect(await publish(hub, { data: "here", channel })).toBe(1);
		expect(await stream.event()).toMatchObject({ data: "here" });
	});

	it("asks clients above SSE_MAX_CONNECTIONS to come back later", async (t) => {
		const scene = fixture.scene(t);
		const env = { ...fixture.onRedis, SSE_MAX_CONNECTIONS: "2", SSE_KEEP_ALIVE: "300" };
		const hub = await scene.hub(env);
		const [first, second] = [
			await scene.open(streamUrl(hub, scene.channel)),
			await scene.open(streamUrl(hub, `${scene.channel}.2`)),
		];
		await Promise.all([first.comment(), second.comment()]);
		const third = await scene.open(streamUrl(hub, scene.channel));
		expect(third.status).toBe(200);
		await third.end();
		expect(third).toMatchObject({ state: "ended", events: [] });
		expect(third.retries[0]).toBeGreaterThanOrEqual(1_000);
		first.close();
		const admitted = async () => {
			const stream = await scene.open(streamUrl(hub, scene.channel));
			await stream.comment();
			// A client that is sent away gets a time in the same write.
			return stream.retries.length === 0;
		};
		await until(admitted, { what: "the free place to be given to somebody" });
	});

	it("ends streams after SSE_MAX_DURATION, and they come back", async (t) => {
		const scene = fixture.scene(t);
		const { channel } = scene;
		const hub = await scene.hub({
			...fixture.onRedis,
			SSE_MAX_DURATION: "1500",
			SSE_HISTORY_LENGTH: "10",
		});
		const begin = performance.now();
		const stream = await scene.open(streamUrl(hub, channel));
		await stream.comment();
		await stream.end();
		expect(performance.now() - begin).toBeGreaterThan(700);
		expect(stream).toMatchObject({ state: "ended" });
		expect(stream.retries).toHaveLength(1);
	});

	it("keeps streams alive with a named ping where SSE_PING is set", async (t) => {
		const scene = fixture.scene(t);
		const env = { ...fixture.onRedis, SSE_PING: "true", SSE_KEEP_ALIVE: "200" };
		const hub = await scene.hub(env);
		const stream = await scene.open(streamUrl(hub, scene.channel));
		expect(await stream.event(2)).toMatchObject({ event: "sse.ping", data: "200" });
	});

	it("lets only pages of SSE_CORS_ORIGIN read, on every answer", async (t) => {
		const scene = fixture.scene(t);
		const hub = await scene.hub({
			...fixture.onRedis,
			SSE_CORS_ORIGIN: "https://app.example, https://other.example",
			SSE_CORS_CREDENTIALS: "true",
		});
		const origin = "https://app.example";
		const url = streamUrl(hub, scene.channel);
		const stream = await scene.open(url, { origin });
		expect(stream.headers.get("access-control-allow-origin")).toBe(origin);
		expect(stream.headers.get("access-control-allow-credentials")).toBe("true");
		expect(stream.headers.get("vary")).toMatch(/origin/i);
		await stream.comment();
		const foreign = await scene.open(url, { origin: "https://evil.example" });
		expect(foreign.headers.get("access-control-allow-origin")).toBeNull();
		expect(foreign.headers.get("vary")).toMatch(/origin/i);
		const refused = await call(`${url}&channel=${"x".repeat(600)}`, { headers: { origin } });
		expect(refused.status).toBe(400);
		expect(refused.headers.get("access-control-allow-origin")).toBe(origin);
		const preflight = await call(url, {
			method: "OPTIONS",
			headers: {
				origin,
				"access-control-request-method": "GET",
				"access-control-request-headers": "last-event-id",
			},
		});
		expect(preflight.status).toBe(204);
		expect(preflight.headers.get("access-control-allow-origin")).toBe(origin);
		expect(preflight.headers.get("access-control-allow-headers")).toMatch(/last-event-id/i);
	});

	it("refuses a message of more than SSE_MAX_MESSAGE_BYTES, and drops a foreign one", async (t) => {
		const scene = fixture.scene(t);
		const { channel } = scene;
		const hub = await scene.hub({ ...fixture.onRedis, SSE_MAX_MESSAGE_BYTES: "1000" });
		const stream = await scene.open(streamUrl(hub, channel));
		await stream.comment();
		const { status, json: answer } = await post(hub, { data: "€".repeat(400), channel });
		expect(status).toBe(400);
		expect(answer.error).toMatch(/data: .*1000 bytes/);
		await fixture.redis.command("PUBLISH", channel, JSON.stringify({ data: "x".repeat(1_200) }));
		await publish(hub, { data: "small", channel });
		expect(await stream.event()).toMatchObject({ data: "small" });
	});

	it("stays up while its broker refuses everyone, and is not ready", async (t) => {
		const refusing = fixture.redis.url.replace("redis://", "redis://nobody:wrong@");
		const [there, away] = await Promise.all([
			fixture.scene(t).hub(fixture.onRedis),
			fixture.scene(t).hub({ SSE_REDIS_URL: refusing }),
		]);
		const ask = async ({ url }: { url: string }, path: string) => {
			const answer = await call(url + path);
			expect(answer.headers.get("cache-control")).toBe("no-store");
			return [answer.status, json<{ status: string }>(answer).status];
		};
		expect(await ask(there, "/livez")).toEqual([200, "alive"]);
		expect(await ask(away, "/livez")).toEqual([200, "alive"]);
		for (const path of ["/readyz", "/healthz"]) {
			expect(await ask(there, path)).toEqual([200, "ok"]);
			expect(await ask(away, path)).toEqual([503, "refused"]);
		}
	});

	it("logs errors, a line of JSON each", async (t) => {
		const scene = fixture.scene(t);
		const { channel } = scene;
		const hub = await scene.hub(fixture.onRedis);
		const stream = await scene.open(streamUrl(hub, channel));
		await stream.comment();
		await fixture.redis.command("PUBLISH", channel, "no message\nof ours");
		const logged = () => hub.output.split("\n").find((line) => line.includes('"decode"'));
		const line = await until(logged, { what: "the line" });
		// wrangler and workerd may put something before a Worker's line.
		expect(JSON.parse(line.slice(line.indexOf("{")))).toEqual({
			time: expect.stringMatching(/^\d{4}-.*Z$/),
			level: "error",
			event: "decode",
			channel,
			code: "bad_message",
			message: expect.any(String),
			cause: expect.any(String),
		});
	});

	if (!sharesUpstream) {
		it("has no metrics, and says why", async (t) => {
			const hub = await fixture.scene(t).hub(fixture.onRedis);
			const { status, body } = await call(`${hub.url}/metrics`);
			expect(status).toBe(404);
			expect(body).toContain("isolates");
		});
		return;
	}

	it("serves its metrics to Prometheus with SSE_METRICS_TOKEN", async (t) => {
		const scene = fixture.scene(t);
		const { channel } = scene;
		const hub = await scene.hub({ ...fixture.onRedis, SSE_METRICS_TOKEN: "secret" });
		const stream = await scene.open(streamUrl(hub, channel));
		await publish(hub, { data: 1, channel });
		await publish(hub, { data: 2, channel });
		await stream.event(2);
		expect((await call(`${hub.url}/metrics`)).status).toBe(401);
		const headers = { authorization: "Bearer secret" };
		const answer = await call(`${hub.url}/metrics`, { headers });
		expect(answer.status).toBe(200);
		expect(answer.headers.get("content-type")).toMatch(/^text\/plain; version=0\.0\.4/);
		for (const [metric, value] of Object.entries({
			sse_connections: 1,
			sse_channels: 1,
			sse_messages_total: 2,
			sse_frames_total: 2,
			sse_bytes_total: stream.text.length,
			sse_slow_clients_total: 0,
		})) {
			expect(answer.body).toMatch(new RegExp(`^${metric} ${value}$`, "m"));
		}
	});

	it("ends its streams one after the other on SIGTERM, and takes no more meanwhile", async (t) => {
		const scene = fixture.scene(t);
		const { channel } = scene;
		const env = { ...fixture.onRedis, SSE_DRAIN: "60000", SSE_LOG_CONNECTIONS: "1" };
		const hub = await scene.hub(env);
		// So many that the window is open for some seconds.
		const count = 250;
		const streams = await Promise.all(
			Array.from({ length: count }, () => scene.openSocket(streamUrl(hub, channel))),
		);
		await Promise.all(streams.map((stream) => stream.comment()));
		const stopped = later(hub.stop("SIGTERM"));
		await until(async () => (await health(hub)).status === "closing", { what: "the window" });
		const [late, receivers] = await Promise.all([
			scene.openSocket(streamUrl(hub, channel)),
			publish(hub, { data: "still delivered", channel }),
		]);
		await late.end();
		expect(late).toMatchObject({ state: "ended", events: [] });
		expect(late.retries).toHaveLength(1);
		expect(receivers).toBe(1);
		await Promise.all(streams.map((stream) => stream.end()));
		for (const stream of streams) {
			expect(stream.state).toBe("ended");
			expect(stream.retries).toHaveLength(1);
		}
		const told = streams.filter((stream) => stream.events.length === 1);
		expect(told.length).toBeGreaterThan(0);
		expect(await stopped).toBe(0);
		const ends = hub.output.matchAll(/"time":"([^"]+)".*"event":"disconnect".*"reason":"closed"/g);
		const times = Array.from(ends, ([, time = ""]) => Date.parse(time));
		expect(times).toHaveLength(count);
		// By the hub's own clock: ten ms for each, minus what a busy machine bunches together.
		expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(count);
	});
}
