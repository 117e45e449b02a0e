import { setTimeout as delay } from "node:timers/promises";
import { startRedis } from "../../support/redis-server.ts";
import { type TcpProxy, tcpProxy } from "../../support/tcp-proxy.ts";
import type { Environment, EnvironmentOptions, Fault, StoreLoss } from "../environment.ts";
import { Hubs, ownHub, realHub } from "../hubs.ts";
import { channelsOf, redisFaults, StoreReader, wipe } from "./redis-store.ts";

/** Two hubs, each with a network of its own to one Redis that writes everything to disk. */
export async function redisEnvironment({
	maxLength,
	wiped,
}: EnvironmentOptions): Promise<Environment> {
	const redis = await startRedis({ config: ["--appendonly", "yes", "--appendfsync", "always"] });
	const storeLosses: StoreLoss[] = [];
	const store = new StoreReader(redis.url);
	const proxies = [await tcpProxy(redis), await tcpProxy(redis)] as const;
	const [first, second] = proxies.map(({ port }) => `redis://127.0.0.1:${port}`);
	const hubs = new Hubs();
	const quick = await hubs.start("hub 1", ownHub({ kind: "redis", url: first, maxLength }));
	const real = await hubs.start(
		"hub 2",
		realHub({ SSE_REDIS_URL: second ?? "", SSE_HISTORY_LENGTH: String(maxLength) }),
	);
	return {
		hubs: hubs.slots,
		broker: { kind: "redis", url: redis.url, maxLength },
		faults: [
			hubs.fault(quick),
			hubs.fault(real),
			...redisFaults(redis),
			...(wiped ? [wipe(redis, storeLosses)] : []),
			...proxies.flatMap((proxy, index) => pathFaults(proxy, `path ${index + 1}`)),
		],
		problems: hubs.problems,
		forgets: wiped,
		storeLosses,
		...channelsOf(redis, store),
		brokerConnections: () => redis.clients(),
		[Symbol.asyncDispose]: async () => {
			await hubs.stop();
			store.close();
			for (const proxy of proxies) await proxy.close();
			await redis.stop();
		},
	};
}

export function pathFaults(proxy: TcpProxy, target: string): Fault[] {
	return [
		{
			name: "path black-holed",
			target,
			strike: async (random) => {
				proxy.blackhole(true);
				await delay(random.between(200, 2_500));
				proxy.blackhole(false);
			},
		},
		{
			name: "path cut",
			target,
			strike: async (random) => {
				proxy.refuse(random.chance(0.5));
				proxy.cut();
				await delay(random.between(0, 800));
				proxy.refuse(false);
			},
		},
	];
}
