import { afterAll, beforeAll } from "vitest";
import { redis } from "../../src/connectors/redis.ts";
import type { HistoryOptions } from "../../src/core/connector.ts";
import { relay } from "../../src/relay.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { RelayRoot, relayToken } from "../support/relay-root.ts";
import { resumeSuite } from "./suite.ts";
import { upstreamLoss } from "./upstream-loss.ts";

let server: RedisServer;
let root: RelayRoot;
/** What the history of a path keeps: a test may want less than others. */
const histories: HistoryOptions[] = [];
beforeAll(async () => {
	server = await startRedis();
	root = new RelayRoot((path) =>
		redis(server.url, { timeout: 10_000, history: histories[Number(path.slice(1))] ?? {} }),
	);
	await root.start();
});
afterAll(async () => {
	await root.close();
	await server.stop();
});

const broker = {
	connect: (history: HistoryOptions) => {
		const path = histories.push(history) - 1;
		return relay(`${root.url}/${path}`, { token: relayToken, timeout: 10_000, history: true });
	},
	foreign: async (_: unknown, channel: string, payload: string) =>
		void (await server.command("PUBLISH", channel, payload)),
	shared: true,
	wipe: async () => void (await server.command("FLUSHALL")),
	reads: () => server.calls("xrange"),
	commands: () => server.calls("evalsha", "eval", "script|load"),
};

resumeSuite("relay", broker);
upstreamLoss("relay", broker, {
	stop: () => root.stop(),
	start: () => root.start(),
	kick: async () => root.endStreams(),
});
