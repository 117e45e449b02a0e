import { setTimeout as delay } from "node:timers/promises";
import { type Cluster, Redis } from "ioredis";
import { streamKey } from "../../../src/connectors/shared/redis-slot.ts";
import type { RedisServer } from "../../support/redis-server.ts";
import { until } from "../../support/wait.ts";
import type { Environment, Fault, StoreLoss } from "../environment.ts";

/** Reads the streams themselves, without the library. */
export class StoreReader {
	readonly #redis: Redis | Cluster;

	constructor(redis: string | Cluster) {
		this.#redis =
			typeof redis === "string"
				? new Redis(redis, { retryStrategy: () => 50, maxRetriesPerRequest: null })
				: redis;
		// Redis is killed all the time; commands wait for its return.
		this.#redis.on("error", () => undefined);
	}

	async kept(channel: string, after: string): Promise<{ id: string; text: string }[]> {
		const key = streamKey(channel);
		const entries = await this.#redis.xrange(key, `(${after}`, "+", "COUNT", 500);
		return entries.flatMap(([id, [field, payload]]) => {
			if (field !== "m" || payload === undefined) return [];
			const { data } = JSON.parse(payload) as { data: string };
			return [{ id, text: data }];
		});
	}

	close(): void {
		this.#redis.disconnect();
	}
}

/** How a setup on one Redis reads its channels, and publishes without the library. */
export function channelsOf(
	redis: RedisServer,
	store: StoreReader,
): Pick<Environment, "kept" | "noise"> {
	return {
		kept: (channel, after) => store.kept(channel, after),
		noise: async (channel, payload) => {
			await redis.command("PUBLISH", channel, payload);
		},
	};
}

/** Everything that can happen to a Redis and its connections. */
export function redisFaults(redis: RedisServer, target = "redis"): Fault[] {
	return [
		{
			name: "Redis killed",
			target,
			strike: async (random) => {
				await redis.kill();
				await delay(random.between(0, 500));
				await redis.restart();
				// It would refuse the next fault's commands while it reads its file.
				const loaded = async () =>
					String(await redis.command("INFO", "persistence")).includes("loading:0");
				await until(loaded, { what: "Redis to have read its file", every: 20 });
			},
		},
		{
			name: "Redis frozen",
			target,
			strike: async (random) => {
				redis.pause();
				await delay(random.between(100, 1_600));
				redis.resume();
			},
		},
		{
			name: "CLIENT KILL",
			target,
			strike: async (random) => {
				// Again while the first loss is still being recovered.
				for (let left = 1 + random.below(4); left > 0; left--) {
					const type = random.pick(["pubsub", "pubsub", "normal"]);
					await redis.command("CLIENT", "KILL", "TYPE", type);
					await delay(random.between(30, 300));
				}
			},
		},
	];
}

/** As an operator does it, or a failover to an empty server. */
export function wipe(redis: RedisServer, losses: StoreLoss[]): Fault {
	return {
		name: "store wiped",
		target: "redis",
		strike: async () => {
			const from = Date.now();
			await redis.command("FLUSHALL");
			losses.push({ from, to: Date.now() });
		},
	};
}
