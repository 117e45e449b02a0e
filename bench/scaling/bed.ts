/** A hub, its Redis and its clients, for one measurement. */
import { readFileSync } from "node:fs";
import { type RedisServer, startRedis } from "../../test/support/redis-server.ts";
import { candidates } from "../candidates.ts";
import { type Usage, usageOf } from "../harness/accounting.ts";
import { Load } from "../harness/load.ts";
import { loadCore, pin } from "../harness/machine.ts";
import { type Server, startServer } from "../harness/server.ts";

export interface Bed {
	redis: RedisServer;
	hub(env?: Readonly<Record<string, string>>): Promise<Server>;
	clients(hub: Server, count: number, channels?: number): Promise<Load>;
}

export const history = { SSE_HISTORY_LENGTH: "100" };

/** Starts a bed for a measurement, and ends it in any case. */
export async function inBed<T>(load: string, act: (bed: Bed) => Promise<T>): Promise<T> {
	const redis = await startRedis({ config: ["--appendonly", "yes", "--appendfsync", "no"] });
	const info = String(await redis.command("INFO", "server"));
	pin(loadCore, Number(/process_id:(\d+)/.exec(info)?.[1]));
	const servers: Server[] = [];
	const loads: Load[] = [];
	const node = candidates("").find(({ name }) => name === "node-hub");
	if (node === undefined) throw new Error("There is no node-hub.");
	try {
		return await act({
			redis,
			hub: async (env = {}) => {
				const hub = await startServer(node, { SSE_KEEP_ALIVE: "600000", ...env });
				servers.push(hub);
				return hub;
			},
			clients: async (hub, count, channels = 1) => {
				const settings = {
					rawBody: false,
					json: false,
					gzip: false,
					perClient: 1,
					probe: undefined,
				};
				const clients = new Load(load, {
					...settings,
					port: hub.port,
					redisPort: undefined,
					channels,
					dataBytes: 200,
				});
				loads.push(clients);
				if (count > 0) await clients.command(`open ${count} 64`);
				return clients;
			},
		});
	} finally {
		for (const each of loads) await each.stop();
		for (const each of servers) await each.stop();
		await redis.stop();
	}
}

/** The CPU time that a process uses during something, in µs. */
export async function cpuDuring(pid: number, act: () => Promise<unknown>): Promise<number> {
	const before = cpu(usageOf(pid));
	await act();
	return (cpu(usageOf(pid)) - before) * 1e6;
}

const cpu = ({ user, system }: Usage) => user + system;

/**
 * The CPU time of a process's main thread, in µs, and by what factor it took longer because other work had the processor:
 * 1 where there was none. It is finer than the kernel's ticks.
 */
export async function shareDuring(
	pid: number,
	act: () => Promise<unknown>,
): Promise<{ ranUs: number; delay: number }> {
	const books = () => readFileSync(`/proc/${pid}/schedstat`, "utf8").split(" ").map(Number);
	const [ranBefore = 0, waitedBefore = 0] = books();
	await act();
	const [ranAfter = 0, waitedAfter = 0] = books();
	const ran = ranAfter - ranBefore;
	return { ranUs: ran / 1_000, delay: rounded((ran + waitedAfter - waitedBefore) / ran) };
}

/** The CPU time and the memory of Redis, as it counts them itself. */
export async function redisBooks(redis: RedisServer) {
	const text = `${await redis.command("INFO", "cpu")}\n${await redis.command("INFO", "memory")}`;
	const figure = (name: string) => Number(new RegExp(`^${name}:([\\d.]+)`, "m").exec(text)?.[1]);
	return {
		cpu: (figure("used_cpu_user_main_thread") + figure("used_cpu_sys_main_thread")) * 1e6,
		memory: figure("used_memory"),
	};
}

/** A figure with three significant digits, which is more than is known of it. */
export const rounded = (value: number) => Number(value.toPrecision(3));

export const median = (values: readonly number[]) =>
	values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
