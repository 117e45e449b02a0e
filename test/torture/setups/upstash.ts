import { setTimeout as delay } from "node:timers/promises";
import { startRedis } from "../../support/redis-server.ts";
import { startUpstashGateway, type UpstashGateway } from "../../support/upstash-gateway.ts";
import type { Environment, EnvironmentOptions, Fault } from "../environment.ts";
import { Hubs, ownHub } from "../hubs.ts";
import { channelsOf, redisFaults, StoreReader } from "./redis-store.ts";

/** Two hubs on one gateway, in front of a Redis that writes everything to disk. */
export async function upstashEnvironment({ maxLength }: EnvironmentOptions): Promise<Environment> {
	const redis = await startRedis({ config: ["--appendonly", "yes", "--appendfsync", "always"] });
	const store = new StoreReader(redis.url);
	const gateway = await startUpstashGateway({ redis: redis.url });
	const { url, token } = gateway;
	const broker = { kind: "upstash" as const, url, token, maxLength };
	const hubs = new Hubs();
	const one = await hubs.start("hub 1", ownHub(broker));
	const two = await hubs.start("hub 2", ownHub(broker));
	// Other tests need its log. Here that would be everything ever published.
	const forget = setInterval(() => gateway.requests.splice(0), 1_000);
	return {
		hubs: hubs.slots,
		broker,
		faults: [
			hubs.fault(one),
			hubs.fault(two),
			...redisFaults(redis).filter(({ name }) => name !== "CLIENT KILL"),
			...gatewayFaults(gateway),
		],
		problems: hubs.problems,
		forgets: false,
		storeLosses: [],
		...channelsOf(redis, store),
		[Symbol.asyncDispose]: async () => {
			clearInterval(forget);
			await hubs.stop();
			store.close();
			await gateway.stop();
			await redis.stop();
		},
	};
}

function gatewayFaults(gateway: UpstashGateway): Fault[] {
	const target = "gateway";
	return [
		{ name: "streams ended", target, strike: () => gateway.endStreams() },
		{ name: "streams reset", target, strike: async () => gateway.resetStreams() },
		{ name: "streams gone dead", target, strike: async () => gateway.muteStreams() },
		{
			name: "gateway restarted",
			target,
			strike: async (random) => {
				await gateway.stop();
				await delay(random.between(0, 500));
				await gateway.start();
			},
		},
		{
			name: "commands refused",
			target,
			strike: async (random) => {
				const status = random.pick<number | "reset">([429, 500, 503, "reset"]);
				gateway.fault({ to: "command", status, times: 10, afterwards: random.chance(0.5) });
				await delay(random.between(100, 500));
				gateway.faultless();
			},
		},
		{
			name: "streams in pieces",
			target,
			strike: async (random) => {
				gateway.behave({ chunks: random.pick(["joined", "bytes"]), garbage: true });
				await delay(random.between(100, 600));
				gateway.faultless();
			},
		},
	];
}
