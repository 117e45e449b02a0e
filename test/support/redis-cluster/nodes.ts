import type { RedisServer } from "../redis-server.ts";
import type { Reply } from "../resp.ts";
import { until } from "../wait.ts";

/** Moves a slot with its keys to another node. */
export async function moveSlot(
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

/** The replica of a master; with `everything`, once it has all that the master has. */
export async function heirOf(
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
export async function roleOf(node: RedisServer): Promise<Reply[] | undefined> {
	const role = await node.command("ROLE").catch(() => undefined);
	return Array.isArray(role) ? role : undefined;
}

export async function idOf(node: RedisServer): Promise<string> {
	return String(await node.command("CLUSTER", "MYID"));
}

/**
 * The masters' epochs as one node has them. If two have the same one, a value that no other node has. Until the
 * epochs of the last move have spread, the next move may get one that is not the newest. Then each of its two
 * nodes takes the other for the owner, for ever.
 */
export async function epochs(node: RedisServer): Promise<string> {
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
export async function slotMap(node: RedisServer): Promise<string> {
	const ranges = (await node.command("CLUSTER", "SLOTS")) as Reply[][];
	const lines = ranges.map(([from, to, master, ...replicas]) =>
		[from, to, (master as Reply[])[1], replicas.length].join(" "),
	);
	return lines.sort().join("\n");
}
