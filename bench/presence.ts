/**
 * Measures what presence costs a broker and the event loop:
 *
 *     npx node bench/presence.ts
 *
 * Redis itself counts its commands (`INFO commandstats`), for 10,000 channels with one viewer each in one process. Then
 * 10,000 members of one channel are listed, and the CPU time of this thread is measured for each page of 500. No task of
 * the event loop takes longer on a processor of its own. PAGES=1 measures only this.
 */
import { setTimeout as delay } from "node:timers/promises";
import { memory } from "../src/connectors/memory.ts";
import { redis } from "../src/connectors/redis.ts";
import type { Connector } from "../src/core/connector.ts";
import { ServerSentEvents } from "../src/core/sse.ts";
import { Presence } from "../src/presence.ts";
import { type RedisServer, startRedis } from "../test/support/redis-server.ts";

const many = 10_000;
const grace = 1_000;

const server = await startRedis();
try {
	if (process.env.PAGES === undefined) await countCommands(server);
	await listPages("memory()", memory());
	await listPages("redis()", redis(server.url, { timeout: 30_000 }));
} finally {
	await server.stop();
}

async function countCommands({ url }: RedisServer): Promise<void> {
	const { sse, presence, visit } = instance(redis(url, { timeout: 30_000 }));
	const before = await commands();
	const streams: { leave(): Promise<void> | undefined }[] = [];
	for (let n = 0; n < many; n++) streams.push(await visit(`room.${n}`, "ann"));
	const has = async (count: number) => (await presence.occupancy(`room.${many - 1}`)) === count;
	while (!(await has(1))) await delay(100);
	await delay(2_000);
	const joined = await commands();
	report(`${many} joins of as many channels`, before, joined);
	await delay(60_000);
	const quiet = await commands();
	report("a quiet minute", joined, quiet);
	for (const stream of streams) await stream.leave();
	while (!(await has(0))) await delay(100);
	await delay(2_000);
	report(`${many} leaves`, quiet, await commands());
	await sse.close();
}

async function listPages(name: string, connector: Connector): Promise<void> {
	const { sse, presence, visit } = instance(connector);
	for (let n = 0; n < many; n++) await visit("room", `user${n}`);
	while ((await presence.occupancy("room")) < many) await delay(100);
	await delay(2_000);
	const took: number[] = [];
	for (let round = 0; round < 10; round++) {
		for (let after: string | undefined = ""; after !== undefined; ) {
			const begun = process.threadCpuUsage();
			const page: Awaited<ReturnType<typeof presence.members>> = await presence.members("room", {
				after,
				limit: 500,
			});
			JSON.stringify(page);
			const { user, system } = process.threadCpuUsage(begun);
			took.push((user + system) / 1_000);
			after = page.next;
			// As between two requests.
			await delay(2);
		}
	}
	took.sort((a, b) => a - b);
	const at = (part: number) => `${took[Math.floor((took.length - 1) * part)]?.toFixed(1)} ms`;
	console.log(
		`${name}: ${took.length} pages of 500 of ${many} members: ${at(0.5)} each (median), ${at(0.99)} (p99), ${at(1)} at most`,
	);
	await sse.close();
}

function instance(connector: Connector) {
	const sse = new ServerSentEvents({
		connector,
		limits: { connections: 2 * many, channels: 2 * many },
		onError: (error) => console.error(error),
	});
	const presence = new Presence(sse, {
		id: (request) => new URL(request.url).searchParams.get("user"),
		data: () => ({ name: "a name of some length" }),
		grace,
	});
	const visit = async (channel: string, user: string) => {
		const { body } = await sse.fetch(
			new Request(`http://localhost/?channel=${channel}&user=${user}`),
		);
		return { leave: () => body?.cancel() };
	};
	return { sse, presence, visit };
}

/** How often each command was called, as Redis counts it. The commands that read the count are left out. */
async function commands(): Promise<Map<string, number>> {
	const text = String(await server.command("INFO", "commandstats"));
	const found = [...text.matchAll(/cmdstat_(\S+?):calls=(\d+)/g)];
	const own = new Set(["info", "auth", "hello", "client|setinfo", "ping"]);
	return new Map(
		found.flatMap(([, name = "", calls]) =>
			own.has(name) ? [] : [[name, Number(calls)] as const],
		),
	);
}

function report(what: string, before: Map<string, number>, after: Map<string, number>): void {
	const more = [...after]
		.map(([name, calls]) => [name, calls - (before.get(name) ?? 0)] as const)
		.filter(([, calls]) => calls > 0)
		.sort(([, a], [, b]) => b - a);
	console.log(`${what}: ${more.map(([name, calls]) => `${name} ${calls}`).join(", ") || "none"}`);
}
