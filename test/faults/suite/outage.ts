import { setTimeout as delay } from "node:timers/promises";
import { expect } from "vitest";
import { health } from "../../support/hub-client.ts";
import type { RedisServer } from "../../support/redis-server.ts";
import { until } from "../../support/wait.ts";
import { crowd } from "../client.ts";
import { counter, measured } from "../figures.ts";
import { isLong, scale } from "../scale.ts";
import { fault, type Runtime } from "../scene.ts";

const timeout = isLong ? 180_000 : 45_000;

/** The broker goes down with all clients connected, and comes back. */
export function outage(runtime: Runtime): void {
	const { clients, channels: number } = scale.outage;

	fault(
		runtime,
		`an outage with ${clients} clients on ${number + 1} channels: few connections and commands when it is over`,
		async (s) => {
			// Messages from before the outage are still there after it.
			const redis = await s.redis({ config: ["--appendonly", "yes", "--appendfsync", "always"] });
			const hub = await s.hub({
				SSE_REDIS_URL: redis.url,
				SSE_HISTORY_LENGTH: "100",
				SSE_KEEP_ALIVE: "600000",
			});
			const one = s.channel;
			const many = Array.from({ length: number }, (_, i) => `${s.channel}.${i}`);
			const all = await crowd(clients, (index) =>
				s.open(hub, [index % 2 === 0 ? one : (many[(index >> 1) % number] ?? "")]),
			);
			const publishAll = (data: string) => {
				const publisher = s.publisher(redis.url, { history: { maxLength: 100 } });
				return Promise.all([one, ...many].map((channel) => publisher.publish(data, { channel })));
			};
			await publishAll("before");
			const heard = (count: number) => () => all.every(({ events }) => events.length === count);
			await until(heard(1), { what: "all to hear what was before", timeout, every: 50 });

			await redis.kill();
			await until(async () => (await health(hub)).status === "unavailable", {
				what: "its word of it",
			});
			// Long enough for the pauses between two attempts to grow.
			await delay(2_000);
			await redis.restart();
			const back = performance.now();
			// Most of it is published before the hub is back, and has to be read.
			const publishing = publishAll("after");
			const restored = async () => (await counter(hub.url, "sse_reconnects_total")) === number + 1;
			let connections = 0;
			await until(
				async () => {
					connections = Math.max(connections, await redis.clients());
					return restored();
				},
				{ what: "every channel to be restored", timeout, every: 20 },
			);
			const took = performance.now() - back;
			await publishing;
			const last = () => all.every(({ events }) => events.at(-1)?.data === "after");
			await until(last, { what: "all to hear what came after", timeout, every: 50 });

			const states = new Set(all.map(({ state }) => state));
			const commands = await commandCounts(redis);
			const reads = (commands.get("xrange") ?? 0) + (commands.get("xrevrange") ?? 0);
			measured(
				runtime.name,
				"broker outage",
				`${clients} clients, ${number + 1} channels: at Redis at most ${connections} connections, ` +
					`${commands.get("subscribe")} SUBSCRIBE, ${reads} reads; all restored after ${Math.round(took)} ms; ` +
					"nobody disconnected",
			);
			expect(states).toEqual(new Set(["open"]));
			expect(all.every(({ events }) => events[0]?.data === "before")).toBe(true);
			// One connection of each kind of the hub, the publisher's, and one that was given up in between.
			expect(connections).toBeLessThanOrEqual(5);
			expect(commands.get("subscribe")).toBeLessThanOrEqual((number + 1) * 2);
			// One page and one look at what follows it for each channel, not for each client.
			expect(reads).toBeLessThanOrEqual((number + 1) * 2);
			expect(await counter(hub.url, "sse_replays_total")).toBeLessThanOrEqual(clients);
		},
	);
}

/** Since it was restarted. */
async function commandCounts(redis: RedisServer): Promise<Map<string, number>> {
	const stats = String(await redis.command("INFO", "commandstats"));
	return new Map(
		[...stats.matchAll(/^cmdstat_(\w+):calls=(\d+)/gm)].map(([, name = "", calls]) => [
			name,
			Number(calls),
		]),
	);
}
