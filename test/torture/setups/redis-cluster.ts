import { Cluster } from "ioredis";
import { type RedisCluster, startCluster } from "../../support/redis-cluster.ts";
import type { Environment, EnvironmentOptions, Fault } from "../environment.ts";
import { Hubs, ownHub } from "../hubs.ts";
import { redisFaults, StoreReader } from "./redis-store.ts";

/** Two hubs on a Cluster of three with sharded pub/sub, whose channels move from node to node. */
export async function redisClusterEnvironment({
	maxLength,
}: EnvironmentOptions): Promise<Environment> {
	const cluster = await startCluster({
		config: ["--appendonly", "yes", "--appendfsync", "always"],
	});
	const { rootNodes } = cluster;
	const broker = { kind: "cluster" as const, rootNodes, maxLength };
	const store = new StoreReader(
		new Cluster(
			rootNodes.map(({ url }) => url),
			{ clusterRetryStrategy: () => 100, redisOptions: { maxRetriesPerRequest: null } },
		),
	);
	const hubs = new Hubs();
	const one = await hubs.start("hub 1", ownHub(broker));
	const two = await hubs.start("hub 2", ownHub(broker));
	return {
		hubs: hubs.slots,
		broker,
		faults: [
			hubs.fault(one),
			hubs.fault(two),
			// One node at a time: a move needs all of them.
			...cluster.nodes.flatMap((node) => redisFaults(node).map((fault) => mended(cluster, fault))),
			...["news", "ticks{7}", "wide"].map((channel) => mended(cluster, moved(cluster, channel))),
		],
		problems: hubs.problems,
		forgets: false,
		storeLosses: [],
		kept: (channel, after) => store.kept(channel, after),
		noise: async (channel, payload) => {
			const node = await cluster.owner(channel);
			await node.command("SPUBLISH", channel, payload);
		},
		[Symbol.asyncDispose]: async () => {
			await hubs.stop();
			store.close();
			await cluster.stop();
		},
	};
}

/** The next fault must find a Cluster that is whole again. */
function mended(cluster: RedisCluster, fault: Fault): Fault {
	return {
		...fault,
		strike: async (random) => {
			await fault.strike(random);
			await cluster.ready();
		},
	};
}

function moved(cluster: RedisCluster, channel: string): Fault {
	return {
		name: "channel moved",
		target: "redis",
		strike: async (random) => {
			const owner = await cluster.owner(channel);
			const [to] = random.shuffled(cluster.nodes).filter((node) => node !== owner);
			if (to !== undefined) await cluster.move(channel, to);
		},
	};
}
