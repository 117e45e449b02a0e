import { freePort } from "../../support/ports.ts";
import { startRedis } from "../../support/redis-server.ts";
import { tcpProxy } from "../../support/tcp-proxy.ts";
import type { Environment, EnvironmentOptions } from "../environment.ts";
import { Hubs, ownHub, realHub } from "../hubs.ts";
import { pathFaults } from "./redis.ts";
import { channelsOf, redisFaults, StoreReader } from "./redis-store.ts";

/**
 * Three relays of one root, each with a network of its own to it. Redis is behind the root, and only the root
 * reaches it.
 */
export async function relayEnvironment({ maxLength }: EnvironmentOptions): Promise<Environment> {
	const redis = await startRedis({ config: ["--appendonly", "yes", "--appendfsync", "always"] });
	const store = new StoreReader(redis.url);
	const token = "relay-token";
	const port = await freePort();
	const roots = new Hubs();
	const root = await roots.start(
		"root",
		realHub({
			PORT: String(port),
			SSE_RELAY_TOKEN: token,
			SSE_REDIS_URL: redis.url,
			SSE_BROKER_TIMEOUT: "1000",
			SSE_HISTORY_LENGTH: String(maxLength),
		}),
	);
	const proxies = await Promise.all([0, 1, 2].map(() => tcpProxy({ port })));
	const [first, second, third] = proxies.map((proxy) => `http://127.0.0.1:${proxy.port}`);
	const relays = new Hubs();
	const slots = [
		await relays.start("relay 1", ownHub({ kind: "relay", url: first, token })),
		await relays.start("relay 2", ownHub({ kind: "relay", url: second, token })),
		await relays.start(
			"relay 3",
			realHub({
				SSE_UPSTREAM_URL: third ?? "",
				SSE_UPSTREAM_TOKEN: token,
				SSE_UPSTREAM_HISTORY: "true",
				SSE_BROKER_TIMEOUT: "1500",
			}),
		),
	];
	return {
		hubs: relays.slots,
		broker: { kind: "relay", url: `http://127.0.0.1:${port}`, token },
		faults: [
			roots.fault(root),
			...slots.map((slot) => relays.fault(slot)),
			...redisFaults(redis),
			...proxies.flatMap((proxy, index) => pathFaults(proxy, `path ${index + 1}`)),
		],
		get problems() {
			return [...roots.problems, ...relays.problems];
		},
		forgets: false,
		storeLosses: [],
		...channelsOf(redis, store),
		[Symbol.asyncDispose]: async () => {
			await relays.stop();
			await roots.stop();
			store.close();
			for (const proxy of proxies) await proxy.close();
			await redis.stop();
		},
	};
}
