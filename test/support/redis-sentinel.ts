import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atExit } from "./at-exit.ts";
import { freePort } from "./ports.ts";
import { type RedisServer, startRedis } from "./redis-server.ts";
import { type Reply, redisCommand } from "./resp.ts";
import { until } from "./wait.ts";

export interface SentinelGroup {
	readonly name: string;
	/** The first begins as the master, the second as its replica. */
	readonly servers: readonly RedisServer[];
	/** For a client's options. */
	readonly sentinels: { host: string; port: number }[];
	/** The server that the Sentinels name, once it reports so itself and the other one follows it. */
	settled(): Promise<RedisServer>;
	/** Has the Sentinels make the replica the master; resolves when they name it. */
	failover(): Promise<void>;
	/** Waits until the Sentinels name another master. */
	renamed(from: RedisServer): Promise<void>;
	/** Waits until the replica has all that the master has. */
	replicated(): Promise<void>;
	stop(): Promise<void>;
}

const running = new Set<ChildProcess>();
const directories = new Set<string>();
atExit(() => {
	for (const child of running) child.kill("SIGKILL");
	for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

/** Starts a master, its replica and three Sentinels, and resolves when these know each other. */
export async function startSentinels({ password }: { password: string }): Promise<SentinelGroup> {
	const name = "mymaster";
	const config = ["--masterauth", password, "--repl-diskless-sync-delay", "0"];
	const servers = await Promise.all([1, 2].map(() => startRedis({ password, config })));
	const [master, replica] = servers;
	if (master === undefined || replica === undefined) throw new Error("There are two.");
	await replica.command("REPLICAOF", "127.0.0.1", String(master.port));
	const watched = { name, port: master.port, password };
	const sentinels = await Promise.all([1, 2, 3].map(() => startSentinel(watched)));

	const ask = (...args: string[]) => sentinels[0]?.command(...args) ?? null;
	const named = async () => {
		const address = (await ask("SENTINEL", "GET-MASTER-ADDR-BY-NAME", name)) as Reply[];
		return servers.find((server) => server.port === Number(address[1]));
	};
	const replication = async (server: RedisServer) =>
		String(await server.command("INFO", "replication").catch(String));
	const settled = () =>
		until(
			async () => {
				const server = await named();
				const info = server === undefined ? "" : await replication(server);
				return /^role:master/m.test(info) && /state=online/.test(info) ? server : undefined;
			},
			{ what: "a master that is followed" },
		);
	const able = async () => {
		const answers = await Promise.all(
			sentinels.map(async (sentinel) => {
				const [replicas, others] = await Promise.all(
					["REPLICAS", "SENTINELS"].map((what) => sentinel.command("SENTINEL", what, name)),
				);
				return [replicas, others].map((list) => (Array.isArray(list) ? list.length : 0)).join();
			}),
		);
		return answers.every((answer) => answer === "1,2");
	};
	await settled();
	await until(able, { what: "the Sentinels to know the replica and each other" });
	return {
		name,
		servers,
		sentinels: sentinels.map(({ port }) => ({ host: "127.0.0.1", port })),
		settled,
		failover: async () => {
			const before = await settled();
			// Sentinels give up a failover that a slow replica delays, and may not know a replica to promote
			// yet. A failover that is not under way has to be requested again. Both are read from one reply, so
			// one that has just succeeded is never taken for one that was given up.
			const over = async () => {
				const { port, flags = "" } = fields(await ask("SENTINEL", "MASTER", name));
				if (port !== String(before.port)) return true;
				if (!flags.includes("failover_in_progress")) {
					await Promise.resolve(ask("SENTINEL", "FAILOVER", name)).catch(String);
				}
				return false;
			};
			await until(over, { every: 50, what: "another master" });
			await settled();
		},
		renamed: async (from) => {
			const isNamed = async () => (await named()) !== from;
			await until(isNamed, { what: "another master's name" });
		},
		replicated: async () => {
			const current = await settled();
			const all = async () => {
				const info = await replication(current);
				const offset = /^master_repl_offset:(\d+)/m.exec(info)?.[1];
				return offset === /^slave0:.*offset=(\d+)/m.exec(info)?.[1];
			};
			await until(all, { what: "the replica to have everything" });
		},
		stop: async () => {
			await Promise.all(sentinels.map(({ stop }) => stop()));
			await Promise.all(servers.map((server) => server.stop()));
		},
	};
}

/** A reply of names and values in turn. */
function fields(reply: Reply): Record<string, string | undefined> {
	const list = Array.isArray(reply) ? reply.map(String) : [];
	return Object.fromEntries(list.flatMap((name, at) => (at % 2 ? [] : [[name, list[at + 1]]])));
}

async function startSentinel(master: { name: string; port: number; password: string }) {
	const port = await freePort();
	const directory = mkdtempSync(join(tmpdir(), "edge-sse-sentinel-"));
	directories.add(directory);
	const file = join(directory, "sentinel.conf");
	const { name } = master;
	const lines = [
		`port ${port}`,
		"bind 127.0.0.1",
		`dir ${directory}`,
		`sentinel monitor ${name} 127.0.0.1 ${master.port} 2`,
		`sentinel auth-pass ${name} ${master.password}`,
		`sentinel down-after-milliseconds ${name} 1500`,
		`sentinel failover-timeout ${name} 6000`,
	];
	writeFileSync(file, `${lines.join("\n")}\n`);
	const child = spawn("redis-server", [file, "--sentinel"], { stdio: "ignore" });
	running.add(child);
	child.on("exit", () => running.delete(child));
	const command = (...args: string[]) =>
		redisCommand({ port, tls: false, timeout: 20_000 }, [args]);
	const answers = async () => (await command("PING").catch(String)) === "PONG";
	await until(answers, { what: "a Sentinel to answer" });
	// A Sentinel checks its servers every ten seconds: at every step of a failover too.
	for (const period of ["INFO-PERIOD", "PING-PERIOD", "PUBLISH-PERIOD", "ASK-PERIOD"]) {
		await command("SENTINEL", "DEBUG", period, "200");
	}
	const stop = async () => {
		if (child.exitCode === null && child.signalCode === null) {
			const gone = once(child, "exit");
			child.kill("SIGKILL");
			await gone;
		}
		rmSync(directory, { recursive: true, force: true });
	};
	return { port, command, stop };
}
