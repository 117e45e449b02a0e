import { slotOf } from "../../src/connectors/shared/redis-slot.ts";
import { type ClusterOptions, form, replicate, startNode } from "./redis-cluster/forming.ts";
import { epochs, heirOf, moveSlot, roleOf, slotMap } from "./redis-cluster/nodes.ts";
import type { RedisServer } from "./redis-server.ts";
import type { Reply } from "./resp.ts";
import { until } from "./wait.ts";

export interface RedisCluster {
	/** Three that begin as masters, then the replica of each, if there are any. */
	readonly nodes: readonly RedisServer[];
	/** For a client's options. */
	readonly rootNodes: { url: string }[];
	/** Resolves when every running node reports the Cluster complete, and they agree on it. */
	ready(): Promise<void>;
	/** SIGKILL for all. */
	kill(): Promise<void>;
	/** Starts all again; resolves when the Cluster serves. */
	restart(): Promise<void>;
	/** The nodes that are masters now. */
	masters(): Promise<RedisServer[]>;
	/** The node that serves a key or channel, by the nodes' own report. */
	owner(name: string): Promise<RedisServer>;
	/**
	 * The replica of a master. With the second argument: once it has everything, of a master without further
	 * writes.
	 */
	heir(master: RedisServer, everything?: "with everything"): Promise<RedisServer>;
	/** Makes a master's replica the master, and resolves to it afterwards. */
	failover(master: RedisServer): Promise<RedisServer>;
	/** Moves a name's slot with its keys, as `redis-cli --cluster reshard` does it. */
	move(name: string, to: RedisServer): Promise<void>;
	/** The sum of what every node answers. */
	sum(count: (node: RedisServer) => Promise<number>): Promise<number>;
	stop(): Promise<void>;
}

const size = 3;

/** Starts a Cluster of three masters on free ports, and resolves when it serves. */
export async function startCluster(options: ClusterOptions = {}): Promise<RedisCluster> {
	const count = options.replicas ? 2 * size : size;
	const nodes = await Promise.all(Array.from({ length: count }, () => startNode(options)));
	const state = async (node: RedisServer) =>
		String(await node.command("CLUSTER", "INFO").catch(String));
	const running = async () => {
		const states = await Promise.all(
			nodes.map(async (node) => ({ node, info: await state(node) })),
		);
		return states.filter(({ info }) => !/ECONNREFUSED|hung up/.test(info));
	};
	const ready = async () => {
		const agreed = async () => {
			const all = await running();
			if (!all.every(({ info }) => info.includes("cluster_state:ok"))) return false;
			const maps = await Promise.all(all.map(({ node }) => slotMap(node)));
			return new Set(maps).size === 1;
		};
		await until(agreed, { every: 20, what: "the Cluster to be complete" });
	};
	const kill = async () => void (await Promise.all(nodes.map((node) => node.kill())));
	const masters = async () => {
		const roles = await Promise.all(nodes.map(roleOf));
		return nodes.filter((_, i) => roles[i]?.[0] === "master");
	};
	const owner = async (name: string) => {
		const slot = slotOf(name);
		for (const node of nodes) {
			const ranges = (await node.command("CLUSTER", "SLOTS").catch(() => [])) as Reply[][];
			const range = ranges.find(([from, to]) => Number(from) <= slot && slot <= Number(to));
			const [, port] = (range?.[2] ?? []) as Reply[];
			const found = nodes.find((each) => each.port === port);
			if (found !== undefined) return found;
		}
		throw new Error(`Nobody serves the slot of ${name}.`);
	};

	await form(nodes.slice(0, size));
	await replicate(nodes.slice(0, size), nodes.slice(size));
	await ready();
	return {
		nodes,
		rootNodes: nodes.slice(0, size).map(({ url }) => ({ url })),
		ready,
		kill,
		restart: async () => {
			await Promise.all(nodes.map((node) => node.restart()));
			await ready();
		},
		masters,
		owner,
		heir: (master, everything) => heirOf(master, nodes, everything !== undefined),
		failover: async (master) => {
			const heir = await heirOf(master, nodes, false);
			const begun = performance.now();
			let attempts = 0;
			const succeeded = async () => {
				// Redis gives an attempt up after five seconds without a report.
				if (performance.now() - begun >= 5_500 * attempts) {
					attempts++;
					await heir.command("CLUSTER", "FAILOVER");
				}
				// Redis 7.0 may count the votes of an earlier election of the heir again. The heir then
				// believes for a moment that it is the master, and no other node does. The old master follows
				// only an elected one.
				const roles = await Promise.all([heir, master].map(roleOf));
				return roles[0]?.[0] === "master" && roles[1]?.[0] === "slave";
			};
			await until(succeeded, { what: "the replica to be the master" });
			return heir;
		},
		move: async (name, to) => {
			const all = await masters();
			const settled = async () => new Set(await Promise.all(all.map(epochs))).size === 1;
			await until(settled, { every: 20, what: "all nodes to know all epochs" });
			await moveSlot(all, await owner(name), to, slotOf(name), options.password);
		},
		sum: async (each) => (await Promise.all(nodes.map(each))).reduce((sum, n) => sum + n, 0),
		stop: async () => void (await Promise.all(nodes.map((node) => node.stop()))),
	};
}
