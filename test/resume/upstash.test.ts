import { afterAll, beforeAll } from "vitest";
import { upstash } from "../../src/connectors/upstash.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { startUpstashGateway, type UpstashGateway } from "../support/upstash-gateway.ts";
import { resumeSuite } from "./suite.ts";
import { upstreamLoss } from "./upstream-loss.ts";

let server: RedisServer;
let gateway: UpstashGateway;
beforeAll(async () => {
	server = await startRedis();
	gateway = await startUpstashGateway({ redis: server.url });
});
afterAll(async () => {
	await gateway.stop();
	await server.stop();
});

const broker = {
	connect: (history: object) =>
		upstash({ url: gateway.url, token: gateway.token, timeout: 10_000, maxBackoff: 500, history }),
	foreign: async (_: unknown, channel: string, payload: string) =>
		void (await server.command("PUBLISH", channel, payload)),
	shared: true,
	wipe: async () => void (await server.command("FLUSHALL")),
	reads: async () =>
		gateway.requests.filter(({ commands }) =>
			/^XRANGE|'XRANGE'/.test((commands[0] ?? []).join(" ")),
		).length,
	// Each of them is billed.
	commands: async () => gateway.commands,
};

resumeSuite("upstash", broker);
upstreamLoss("upstash", broker, {
	stop: () => gateway.stop(),
	start: () => gateway.start(),
	kick: async () => gateway.resetStreams(),
});
