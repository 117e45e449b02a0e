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

/** Ends all that was started, whatever comes of it. */
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

/** µs of CPU of a process during something. */
export async function cpuDuring(pid: number, act: () => Promise<unknown>): Promise<number> {
	const before = cpu(usageOf(pid));
	await act();
	return (cpu(usageOf(pid)) - before) * 1e6;
}

const cpu = ({ user, system }: Usage) => user + system;

/**
 * What the main thread of a process had of the processor, in µs, and how much longer it took than that, as other work was
 * on it: 1 where there was none. Finer than the kernel's count of ticks.
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

/** What Redis has on its own books. */
export async function redisBooks(redis: RedisServer) {
	const text = `${await redis.command("INFO", "cpu")}\n${await redis.command("INFO", "memory")}`;
	const figure = (name: string) => Number(new RegExp(`^${name}:([\\d.]+)`, "m").exec(text)?.[1]);
	return {
		cpu: (figure("used_cpu_user_main_thread") + figure("used_cpu_sys_main_thread")) * 1e6,
		memory: figure("used_memory"),
	};
}

/** How often Redis was given a command since it was started. */
export async function calls(redis: RedisServer, names: readonly string[]): Promise<number> {
	const stats = String(await redis.command("INFO", "commandstats"));
	const found = stats.matchAll(/^cmdstat_(\w+):calls=(\d+)/gm);
	return [...found].reduce(
		(sum, [, name = "", count]) => sum + (names.includes(name) ? Number(count) : 0),
		0,
	);
}

/** Three significant digits are more than these figures are good for. */
export const rounded = (value: number) => Number(value.toPrecision(3));

export const median = (values: readonly number[]) =>
	values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
