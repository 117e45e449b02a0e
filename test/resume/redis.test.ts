import { afterAll, beforeAll, expect, test } from "vitest";
import { redis } from "../../src/connectors/redis.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { numbers, Scene } from "./scene.ts";
import { resumeSuite } from "./suite.ts";
import { upstreamLoss } from "./upstream-loss.ts";

let server: RedisServer;
beforeAll(async () => {
	// Kept over a restart, for the tests of losses.
	server = await startRedis({ config: ["--appendonly", "yes", "--appendfsync", "always"] });
});
afterAll(() => server.stop());

const broker = {
	connect: (history: object) => redis(server.url, { timeout: 5_000, pingInterval: 1_000, history }),
	foreign: async (_: unknown, channel: string, payload: string) =>
		void (await server.command("PUBLISH", channel, payload)),
	shared: true,
	wipe: async () => void (await server.command("FLUSHALL")),
	reads: () => server.calls("xrange"),
	commands: () => server.calls("evalsha", "eval", "script|load"),
};

resumeSuite("redis", broker);
upstreamLoss("redis", broker, {
	stop: () => server.kill(),
	start: () => server.restart(),
	kick: async () => void (await server.command("CLIENT", "KILL", "TYPE", "pubsub")),
});

test("a publish is one round trip: the script is sent once, and then called by its hash", async () => {
	const scene = new Scene(broker);
	await server.command("SCRIPT", "FLUSH");
	const sse = scene.hub();
	const channel = scene.channel();
	const before = { eval: await server.calls("eval"), evalsha: await server.calls("evalsha") };
	await scene.publish(sse, channel, ...numbers(10));
	expect((await server.calls("eval")) - before.eval).toBe(1);
	expect((await server.calls("evalsha")) - before.evalsha).toBe(10);
	// A server that lost it, as a restarted one does, gets it again.
	await server.command("SCRIPT", "FLUSH");
	await scene.publish(sse, channel, ...numbers(10, 10));
	expect((await server.calls("eval")) - before.eval).toBe(2);
	const client = await scene.open(sse, channel, { lastEventId: "0" });
	expect(await client.sees(20)).toEqual(numbers(20));
});
