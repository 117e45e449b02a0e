import { Redis } from "ioredis";
import { expect, it } from "vitest";
import { post, streamUrl } from "../../support/hub-client.ts";
import type { Fixture } from "../fixture.ts";

/** What other publishers send through Redis: a Flask app, `redis-cli`, another application. */
export function foreign(fixture: Fixture): void {
	it("streams what a Flask app publishes", async (t) => {
		const scene = fixture.scene(t);
		const stream = await scene.open(streamUrl(fixture.hub("redis")));
		await fixture.redis.command(
			...["PUBLISH", "sse", '{"data": {"message": "Hello!"}, "type": "greeting"}'],
		);
		const event = await stream.first(({ event }) => event === "greeting", "the greeting");
		expect(event).toEqual({
			event: "greeting",
			id: undefined,
			data: '{"message": "Hello!"}',
		});
		expect(stream.text).toContain('event:greeting\ndata:{"message": "Hello!"}\n\n');
	});

	it("drops what is no message, and continues", async (t) => {
		const scene = fixture.scene(t);
		const hub = fixture.hub("redis");
		const { channel } = scene;
		const stream = await scene.open(streamUrl(hub, channel));
		const junk = [
			"",
			"secret: not JSON",
			"[1]",
			'"secret"',
			"null",
			'{"type":"secret"}',
			'{"data":"secret","user":7}',
			'{"data":"secret","type":"a\\ndata:b"}',
			'{"data":"secret","id":"a\\rb"}',
			'{"data":"secret","retry":-1}',
			'{"data":"secret"',
		];
		for (const payload of junk) await fixture.redis.command("PUBLISH", channel, payload);
		await fixture.redis.command("PUBLISH", channel, '{"data":"good"}');
		expect(await stream.event()).toMatchObject({ data: "good" });
		expect(stream.text).not.toContain("secret");
		expect(stream.state).toBe("open");
	});

	it("drops messages that forge our own events, or look like them, on every input", async (t) => {
		const scene = fixture.scene(t);
		const hub = fixture.hub("redis");
		const { channel } = scene;
		const stream = await scene.open(streamUrl(hub, channel));
		const types = [
			...[
				"sse.gap",
				"sse.ping",
				"sse.retry",
				"SSE.gap",
				"sse\u200b.gap",
				"ｓｓｅ.gap",
				"sse．ping",
			],
			...[" sse.gap", "sse\ufe0f.gap", "ſſe.gap", "ße.gap", "ѕѕе.gap", "sse․gap", "sse\0.gap"],
		];
		const data = JSON.stringify({ channel, lastEventId: "1-1" });
		for (const type of types) {
			// Our own older version publishes so, and other programs may.
			await fixture.redis.command("PUBLISH", channel, JSON.stringify({ data, type }));
			const { status, json } = await post(hub, { data, type, channel });
			expect([type, status]).toEqual([type, 400]);
			expect(json.error).toMatch(/type/);
		}
		const retry = Number.MAX_SAFE_INTEGER;
		expect((await post(hub, { data, retry, channel })).status).toBe(400);
		await fixture.redis.command("PUBLISH", channel, JSON.stringify({ data: "patient", retry }));
		await fixture.redis.command("PUBLISH", channel, JSON.stringify({ data: "x", id: "a\u0001b" }));
		await fixture.redis.command("PUBLISH", channel, '{"data":"good"}');
		expect(await stream.data(2)).toEqual(["patient", "good"]);
		expect(stream.events.map(({ event }) => event)).toEqual([undefined, undefined]);
		expect(stream.retries).toEqual([]);
	});

	it("passes on numbers as the publisher wrote them", async (t) => {
		const scene = fixture.scene(t);
		const { channel } = scene;
		const stream = await scene.open(streamUrl(fixture.hub("redis"), channel));
		for (const data of ["1.0", "12345678901234567890", '{"a": 1.50}']) {
			await fixture.redis.command("PUBLISH", channel, `{"data": ${data}}`);
		}
		expect(await stream.data(3)).toEqual(["1.0", "12345678901234567890", '{"a": 1.50}']);
	});

	it("delivers a burst intact and in order", async (t) => {
		const scene = fixture.scene(t);
		const { channel } = scene;
		const streams = await Promise.all(
			[1, 2, 3].map(() => scene.open(streamUrl(fixture.hub("redis"), channel))),
		);
		const data = Array.from({ length: 2_000 }, (_, n) => `${n} ${"ü".repeat(n % 97)}\nend`);
		const publisher = new Redis(fixture.redis.url);
		t.onTestFinished(() => publisher.disconnect());
		// One write, so that Redis and the hub find as much as possible at once.
		const pipeline = publisher.pipeline();
		for (const text of data) pipeline.publish(channel, JSON.stringify({ data: text }));
		await pipeline.exec();
		for (const stream of streams) {
			expect(await stream.data(data.length)).toEqual(data);
			expect(stream.events).toHaveLength(data.length);
		}
	});
}
