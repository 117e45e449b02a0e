import type { Setup } from "./bed.ts";
import { durableObjectBed } from "./setups/durable-object.ts";
import { memoryBed } from "./setups/memory.ts";
import { processesBed, processesOnRedisBed } from "./setups/processes.ts";
import { redisBed } from "./setups/redis.ts";
import { redisClusterBed } from "./setups/redis-cluster.ts";
import { relayBed } from "./setups/relay.ts";
import { upstashBed } from "./setups/upstash.ts";

/** More than a run of an hour publishes. */
const everything = 1_000_000;

export const setups: readonly Setup[] = [
	{ name: "memory", maxLength: everything, absence: 2_000, start: memoryBed },
	{ name: "memory, short history", maxLength: 20, absence: 4_000, start: memoryBed },
	{ name: "redis", maxLength: everything, absence: 2_000, start: redisBed },
	{ name: "redis, short history", maxLength: 20, absence: 4_000, wiped: true, start: redisBed },
	{ name: "redis cluster", maxLength: everything, absence: 2_000, start: redisClusterBed },
	{ name: "durable object", maxLength: everything, absence: 2_000, start: durableObjectBed },
	{ name: "durable object, short history", maxLength: 20, absence: 4_000, start: durableObjectBed },
	{
		name: "durable object, held by the Worker",
		maxLength: everything,
		absence: 2_000,
		start: (options) => durableObjectBed(options, "worker"),
	},
	{ name: "relays", maxLength: everything, absence: 2_000, start: relayBed },
	{ name: "relays, short history", maxLength: 20, absence: 4_000, start: relayBed },
	{ name: "processes", maxLength: everything, absence: 2_000, start: processesBed },
	{ name: "processes, short history", maxLength: 20, absence: 4_000, start: processesBed },
	{ name: "processes on redis", maxLength: everything, absence: 2_000, start: processesOnRedisBed },
	{ name: "upstash", maxLength: everything, absence: 2_000, start: upstashBed },
];
