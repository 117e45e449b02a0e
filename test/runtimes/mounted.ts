import { expect, it } from "vitest";
import { openStream } from "../support/event-stream.ts";
import { call } from "../support/hub-client.ts";
import { type RuntimeName, runToEnd, type Server } from "../support/server.ts";
import { until } from "../support/wait.ts";
import type { Fixture, Scene } from "./fixture.ts";

/** How a test starts one of the fixtures, with these variables. */
export type StartFixture = (env: Record<string, string>) => Promise<Server>;

const timeout = 25_000;

/** The library in a user's Hono app: mounted at a prefix, in a route, by `edge-sse/hono`, and publishing. */
export function honoApp(fixture: Fixture, start: StartFixture): void {
	it("streams and publishes in a Hono app, at a prefix, in a route and by its adapter", async (t) => {
		const scene = fixture.scene(t);
		const { channel } = scene;
		const app = scene.use(await start(fixture.onRedis));
		const mounted = await scene.open(`${app.url}/events?channel=${channel}`);
		const deeper = await scene.open(`${app.url}/events/any/path?channel=${channel}`);
		const routed = await scene.open(`${app.url}/rooms/${channel}?channel=ignored`);
		const handled = await scene.open(`${app.url}/handled/${channel}?channel=ignored`);
		const queried = await scene.open(`${app.url}/stream?channel=${channel}`);
		const streams = [mounted, deeper, routed, handled, queried];
		for (const stream of streams) await stream.comment();

		await say(app, channel);
		await say(app, `room.${channel}`);
		for (const stream of streams) {
			const event = { event: "greeting", data: '{"message":"Hello!"}', id: undefined };
			expect(await stream.event()).toEqual(event);
			expect(stream.events).toHaveLength(1);
		}
		for (const path of ["events", "stream"]) {
			const refused = await call(`${app.url}/${path}`, { method: "POST" });
			expect(refused.status).toBe(405);
			const { status, headers } = await fetch(`${app.url}/${path}`, { method: "HEAD" });
			expect([status, headers.get("content-type")]).toEqual([200, "text/event-stream"]);
		}

		for (const stream of streams) stream.close();
		await freed(fixture, channel);
		await freed(fixture, `room.${channel}`);
	});
}

/** `sse` itself as the whole program, at any path. */
export function wholeProgram(fixture: Fixture, what: string, start: StartFixture): void {
	it(`streams as the whole program: ${what}`, async (t) => {
		const scene = fixture.scene(t);
		const { channel } = scene;
		const server = scene.use(await start(fixture.onRedis));
		const streams = await Promise.all(
			["/", "/any/path/"].map((path) => scene.open(`${server.url}${path}?channel=${channel}`)),
		);
		for (const stream of streams) await stream.comment();
		await fixture.redis.command("PUBLISH", channel, '{"data": "Hello!"}');
		for (const stream of streams) {
			expect(await stream.event()).toMatchObject({ data: "Hello!" });
			stream.close();
		}
		await freed(fixture, channel);
	});
}

/** A script that publishes, closes and ends by itself. */
export function publishingScript(
	fixture: Fixture,
	runtime: RuntimeName,
	before: readonly string[],
): void {
	it("publishes from a process of its own, which then ends by itself", async (t) => {
		const scene: Scene = fixture.scene(t);
		const { channel } = scene;
		const url = `${fixture.hub("redis").url}/stream?channel=${channel}`;
		const stream = await openStream(url);
		t.onTestFinished(() => stream.close());
		const program = [...before, "test/runtimes/fixtures/publisher.ts", channel];
		const { code, output } = await runToEnd(runtime, { program, env: fixture.onRedis });
		expect(output).toBe("receivers: 1\n");
		expect(code).toBe(0);
		expect(await stream.event()).toEqual({
			event: undefined,
			id: "0",
			data: '{"message":"Hello!"}',
		});
	});
}

async function say(app: Server, channel: string): Promise<void> {
	const response = await call(`${app.url}/say/${channel}`, { method: "POST" });
	expect(response.status).toBe(200);
}

/** The ready-made instance lingers 2 s, and on Workers a client that left is noticed at the 8 s keep-alive. */
async function freed(fixture: Fixture, channel: string): Promise<void> {
	await until(async () => (await fixture.redis.numsub(channel)) === 0, {
		what: `no subscription to ${channel}`,
		timeout,
	});
}
