import { Redis } from "ioredis";
import { afterAll, beforeAll, onTestFinished } from "vitest";
import { memory } from "../../src/connectors/memory.ts";
import { redis } from "../../src/connectors/redis.ts";
import { upstash } from "../../src/connectors/upstash.ts";
import type { Connector, HistoryOptions } from "../../src/core/connector.ts";
import { type RedisCluster, startCluster } from "../support/redis-cluster.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { startUpstashGateway, type UpstashGateway } from "../support/upstash-gateway.ts";

/** Connectors of several processes on one broker, for tests that run on every connector. */
export interface Ground {
	name: string;
	/** A connector of its own, or the shared one where there is one process. */
	connect(history?: HistoryOptions): Connector;
}

/** Brokers that are stopped when the file ends. */
export function useGrounds(): { grounds: readonly Ground[]; server: () => RedisServer } {
	let server: RedisServer;
	let cluster: RedisCluster;
	let gateway: UpstashGateway;
	let shared: Connector | undefined;
	const clients: Redis[] = [];
	beforeAll(async () => {
		[server, cluster] = await Promise.all([startRedis(), startCluster()]);
		gateway = await startUpstashGateway({ redis: server.url });
	});
	afterAll(async () => {
		for (const client of clients) client.disconnect();
		await gateway.stop();
		await Promise.all([server.stop(), cluster.stop()]);
	});
	const ioredis = () => {
		const client = new Redis(server.url, { keyPrefix: "theirs:" });
		clients.push(client);
		return client;
	};
	const grounds: Ground[] = [
		{
			name: "memory",
			connect: (history) => {
				shared ??= memory({ history });
				onTestFinished(() => {
					shared = undefined;
				});
				return shared;
			},
		},
		{ name: "redis", connect: (history) => redis(server.url, { history, timeout: 10_000 }) },
		{
			name: "redis, an ioredis client",
			connect: (history) => redis(ioredis(), { history, timeout: 10_000 }),
		},
		{
			name: "redis, a Cluster",
			connect: (history) => redis({ rootNodes: cluster.rootNodes }, { history, timeout: 10_000 }),
		},
		{
			name: "redis, a sharded Cluster",
			connect: (history) =>
				redis({ rootNodes: cluster.rootNodes }, { history, timeout: 10_000, sharded: true }),
		},
		{
			name: "upstash",
			connect: (history) =>
				upstash({
					...{ url: gateway.url, token: gateway.token, timeout: 20_000, history },
					presence: true,
				}),
		},
	];
	return { grounds, server: () => server };
}
