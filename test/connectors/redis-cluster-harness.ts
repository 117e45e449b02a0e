import { type RedisOptions, redis } from "../../src/connectors/redis.ts";
import type { BrokerControl, ConnectorHarness } from "../../src/testing.ts";
import type { RedisCluster } from "../support/redis-cluster.ts";
import { options as single } from "./redis-harness.ts";

/** A Cluster that has just begun is slower to answer than one server. */
const options = { ...single, timeout: 4_000 };

/** What the suite needs of a Cluster. It may be started later. */
export function clusterHarness(cluster: () => RedisCluster, own: RedisOptions) {
	const connect = (more: RedisOptions = {}) =>
		redis({ rootNodes: cluster().rootNodes }, { ...options, ...own, ...more });
	const intruder = (url: string) => {
		const target = new URL(url);
		target.password = "wr0ng-s3cret";
		return { url: target.href };
	};
	return {
		timeout: options.timeout,
		connect: () => connect(),
		refused: () => {
			const rootNodes = cluster().rootNodes.map(({ url }) => intruder(url));
			return redis({ rootNodes }, { ...options, ...own });
		},
		history: {
			connect: (history) => connect({ history }),
			runs: true,
			wipe: async () => {
				for (const node of await cluster().masters()) await node.command("FLUSHALL");
			},
		},
		broker: clusterBroker(cluster, own.sharded ?? false),
	} satisfies Partial<ConnectorHarness>;
}

function clusterBroker(cluster: () => RedisCluster, sharded: boolean): BrokerControl {
	const numsub = sharded ? "SHARDNUMSUB" : "NUMSUB";
	const all = (act: (node: RedisCluster["nodes"][number]) => void) => cluster().nodes.forEach(act);
	return {
		stop: () => cluster().kill(),
		start: () => cluster().restart(),
		pause: () => all((node) => node.pause()),
		resume: () => all((node) => node.resume()),
		numsub: (channel) =>
			cluster().sum(async (node) => {
				const reply = await node.command("PUBSUB", numsub, channel);
				return Array.isArray(reply) ? Number(reply[1]) : 0;
			}),
		clients: () => cluster().sum((node) => node.clients()),
		publishes: () => cluster().sum((node) => node.publishes()),
	};
}
