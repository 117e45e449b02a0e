import { freePort } from "../ports.ts";
import { type RedisServer, startRedis } from "../redis-server.ts";
import { until } from "../wait.ts";
import { idOf } from "./nodes.ts";

export interface ClusterOptions {
	/** The default user's password, on every node. */
	password?: string;
	/** One for each master. Default: none. */
	replicas?: boolean;
	/** Silence after which a node counts as dead, in ms. Default 15,000, as in Redis. */
	nodeTimeout?: number;
	/** More arguments of each node, as on the command line. */
	config?: readonly string[];
}

const slots = 16_384;

/** Starts a node that belongs to no Cluster yet. */
export async function startNode(options: ClusterOptions): Promise<RedisServer> {
	const { password, nodeTimeout = 15_000, config: more = [] } = options;
	const config = {
		"cluster-enabled": "yes",
		"cluster-config-file": "nodes.conf",
		"cluster-node-timeout": String(nodeTimeout),
		// Not ten thousand above the port, which the system may have given to another program.
		"cluster-port": String(await freePort()),
		"repl-diskless-sync-delay": "0",
		...(password !== undefined && { masterauth: password }),
	};
	return startRedis({
		...(password !== undefined && { password }),
		config: [...Object.entries(config).flatMap(([name, value]) => [`--${name}`, value]), ...more],
	});
}

/** Gives each master its share of the slots, and introduces them to each other. */
export async function form(masters: readonly RedisServer[]): Promise<void> {
	const share = Math.ceil(slots / masters.length);
	for (const [i, node] of masters.entries()) {
		const last = Math.min(slots, (i + 1) * share) - 1;
		await node.command("CLUSTER", "ADDSLOTSRANGE", String(i * share), String(last));
		await node.command("CLUSTER", "SET-CONFIG-EPOCH", String(i + 1));
	}
	const [first, ...others] = masters;
	for (const node of others) if (first !== undefined) await meet(first, node);
}

async function meet(one: RedisServer, other: RedisServer): Promise<void> {
	const [, bus] = (await other.command("CONFIG", "GET", "cluster-port")) as string[];
	await one.command("CLUSTER", "MEET", "127.0.0.1", String(other.port), String(bus));
}

/** Gives each master a replica. */
export async function replicate(
	masters: readonly RedisServer[],
	replicas: readonly RedisServer[],
): Promise<void> {
	for (const [i, replica] of replicas.entries()) {
		const master = masters[i];
		if (master === undefined) continue;
		await meet(master, replica);
		const id = await idOf(master);
		const knows = async () => String(await replica.command("CLUSTER", "NODES")).includes(id);
		await until(knows, { what: "a replica to know its master" });
		await replica.command("CLUSTER", "REPLICATE", id);
		const linked = async () =>
			String(await replica.command("INFO", "replication")).includes("master_link_status:up");
		await until(linked, { what: "a replica to follow its master" });
	}
}
