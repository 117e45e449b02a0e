import { slotOf } from "../../src/connectors/shared/redis-slot.ts";
import { freePort } from "./ports.ts";
import { type RedisServer, startRedis } from "./redis-server.ts";
import type { Reply } from "./resp.ts";
import { until } from "./wait.ts";

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

const slots = 16_384;
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

async function startNode(options: ClusterOptions): Promise<RedisServer> {
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

async function form(masters: readonly RedisServer[]): Promise<void> {
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

async function replicate(
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

async function moveSlot(
	masters: readonly RedisServer[],
	from: RedisServer,
	to: RedisServer,
	number: number,
	password: string | undefined,
): Promise<void> {
	const slot = String(number);
	const [source, target] = [await idOf(from), await idOf(to)];
	await to.command("CLUSTER", "SETSLOT", slot, "IMPORTING", source);
	await from.command("CLUSTER", "SETSLOT", slot, "MIGRATING", target);
	const auth = password === undefined ? [] : ["AUTH", password];
	for (;;) {
		const keys = (await from.command("CLUSTER", "GETKEYSINSLOT", slot, "100")) as string[];
		if (keys.length === 0) break;
		const there = ["127.0.0.1", String(to.port), "", "0", "5000", ...auth];
		await from.command("MIGRATE", ...there, "KEYS", ...keys);
	}
	for (const node of [to, from, ...masters.filter((each) => each !== to && each !== from)]) {
		await node.command("CLUSTER", "SETSLOT", slot, "NODE", target);
	}
}

async function heirOf(
	master: RedisServer,
	nodes: readonly RedisServer[],
	everything: boolean,
): Promise<RedisServer> {
	const what = `a replica of ${master.port}${everything ? " that has all it has" : ""}`;
	return until(
		async () => {
			const info = String(await master.command("INFO", "replication"));
			const offset = /^master_repl_offset:(\d+)/m.exec(info)?.[1];
			const [, port, seen] = /^slave0:.*port=(\d+),state=online,offset=(\d+)/m.exec(info) ?? [];
			if (everything && seen !== offset) return undefined;
			return nodes.find((node) => node.port === Number(port));
		},
		{ what },
	);
}

/** Undefined for a node that is down. */
async function roleOf(node: RedisServer): Promise<Reply[] | undefined> {
	const role = await node.command("ROLE").catch(() => undefined);
	return Array.isArray(role) ? role : undefined;
}

async function idOf(node: RedisServer): Promise<string> {
	return String(await node.command("CLUSTER", "MYID"));
}

/**
 * The masters' epochs as one node has them. If two have the same one, a value that no other node has. Until the
 * epochs of the last move have spread, the next move may get one that is not the newest. Then each of its two
 * nodes takes the other for the owner, for ever.
 */
async function epochs(node: RedisServer): Promise<string> {
	const lines = String(await node.command("CLUSTER", "NODES"))
		.trim()
		.split("\n");
	const masters = lines
		.map((line) => line.split(" "))
		.filter(([, , flags]) => /master/.test(flags ?? ""));
	const known = masters.map(([id, , , , , , epoch]) => `${epoch} ${id}`).sort();
	const distinct = new Set(masters.map((fields) => fields[6])).size === masters.length;
	return distinct ? known.join("\n") : `${node.port}`;
}

/** Which node serves which slots, as one node reports it, in a form that can be compared. */
async function slotMap(node: RedisServer): Promise<string> {
	const ranges = (await node.command("CLUSTER", "SLOTS")) as Reply[][];
	const lines = ranges.map(([from, to, master, ...replicas]) =>
		[from, to, (master as Reply[])[1], replicas.length].join(" "),
	);
	return lines.sort().join("\n");
}
