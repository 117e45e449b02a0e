import type { Setup } from "./environment.ts";
import { durableObjectEnvironment } from "./setups/durable-object.ts";
import { memoryEnvironment } from "./setups/memory.ts";
import { processesEnvironment, processesOnRedisEnvironment } from "./setups/processes.ts";
import { redisEnvironment } from "./setups/redis.ts";
import { redisClusterEnvironment } from "./setups/redis-cluster.ts";
import { relayEnvironment } from "./setups/relay.ts";
import { upstashEnvironment } from "./setups/upstash.ts";

/** More than a run of an hour publishes. */
const everything = 1_000_000;

export const setups: readonly Setup[] = [
	{ name: "memory", maxLength: everything, absence: 2_000, start: memoryEnvironment },
	{ name: "memory, short history", maxLength: 20, absence: 4_000, start: memoryEnvironment },
	{ name: "redis", maxLength: everything, absence: 2_000, start: redisEnvironment },
	{
		name: "redis, short history",
		maxLength: 20,
		absence: 4_000,
		wiped: true,
		start: redisEnvironment,
	},
	{ name: "redis cluster", maxLength: everything, absence: 2_000, start: redisClusterEnvironment },
	{
		name: "durable object",
		maxLength: everything,
		absence: 2_000,
		start: durableObjectEnvironment,
	},
	{
		name: "durable object, short history",
		maxLength: 20,
		absence: 4_000,
		start: durableObjectEnvironment,
	},
	{
		name: "durable object, held by the Worker",
		maxLength: everything,
		absence: 2_000,
		start: (options) => durableObjectEnvironment(options, "worker"),
	},
	{ name: "relays", maxLength: everything, absence: 2_000, start: relayEnvironment },
	{ name: "relays, short history", maxLength: 20, absence: 4_000, start: relayEnvironment },
	{ name: "processes", maxLength: everything, absence: 2_000, start: processesEnvironment },
	{ name: "processes, short history", maxLength: 20, absence: 4_000, start: processesEnvironment },
	{
		name: "processes on redis",
		maxLength: everything,
		absence: 2_000,
		start: processesOnRedisEnvironment,
	},
	{ name: "upstash", maxLength: everything, absence: 2_000, start: upstashEnvironment },
];
