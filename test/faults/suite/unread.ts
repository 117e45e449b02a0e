import { setTimeout as delay } from "node:timers/promises";
import { expect } from "vitest";
import { health } from "../../support/hub-client.ts";
import type { ServerProcess } from "../../support/server.ts";
import { until } from "../../support/wait.ts";
import { crowd } from "../client.ts";
import { counter, measured, percentile } from "../figures.ts";
import { resident, sockets } from "../process.ts";
import { isLong, scale } from "../scale.ts";
import { fault, type Runtime, type Scene } from "../scene.ts";

const timeout = 60_000;
const readers = 10;
/** Messages that are on their way to clients that read. */
const ahead = 8;

/** Clients that are connected and do not read. */
export function unread(runtime: Runtime): void {
	const { clients, messages, bytes, pace } = scale.unread;
	const padding = "x".repeat(bytes);
	const megabytes = Math.round((messages * bytes) / 1e6);

	/** Publishes to readers, and to clients that do not read. @returns each reader's delays, in ms. */
	const flood = async (s: Scene, history: boolean, sleepers: number, count: number) => {
		const redis = await s.redis();
		const hub = await s.hub({
			SSE_REDIS_URL: redis.url,
			SSE_BROKER_TIMEOUT: "20000",
			SSE_KEEP_ALIVE: "500",
			...(history ? { SSE_HISTORY_LENGTH: "500" } : {}),
		});
		const publisher = s.publisher(redis.url, history ? { history: { maxLength: 500 } } : {});
		const sent: number[] = [];
		const late: number[] = [];
		const reading = await crowd(readers, () =>
			s.open(hub, [s.channel], {}, ({ data, at }) =>
				late.push(at - (sent[parseInt(data, 10)] ?? 0)),
			),
		);
		const before = { sockets: sockets(hub.pid), resident: resident(hub.pid) };
		for (let i = 0; i < sleepers; i++) {
			s.open(hub, [s.channel], { reads: i % 10 === 0 ? "trickle" : "never" });
		}
		const there = async () => (await health(hub)).connections === readers + sleepers;
		await until(there, { what: "everybody", timeout, every: 50 });
		let highest = 0;
		for (let i = 0; i < count; i++) {
			const due = (sent[0] ?? performance.now()) + i * pace;
			if (due > performance.now()) await delay(due - performance.now());
			// A reader is at most half its buffer behind, however busy this machine is.
			await until(() => reading.every(({ events }) => events.length > i - ahead), {
				what: `those who read to come to message ${i - ahead}`,
				timeout,
				every: 1,
			});
			sent.push(performance.now());
			await publisher.publish(`${i} ${padding}`, { channel: s.channel });
			if (i % 10 === 0) highest = Math.max(highest, resident(hub.pid));
		}
		await until(() => reading.every(({ events }) => events.length >= count), {
			what: "all messages to all who read",
			timeout: 60_000,
		});
		for (const { events, state } of reading) {
			expect(state).toBe("open");
			const seen = events.map(({ data }) => parseInt(data, 10));
			expect(seen).toEqual(Array.from({ length: count }, (_, i) => i));
		}
		return { hub, late, before, highest };
	};

	/** Until the clients that do not read are gone. @returns how their sockets ended. */
	const cutOff = async (hub: ServerProcess, socketsBefore: number): Promise<string> => {
		const since = performance.now();
		const cut = async () => (await health(hub)).connections === readers;
		await until(cut, { what: "those to be cut off who do not read", timeout: 150_000, every: 50 });
		const seconds = () => Math.round((performance.now() - since) / 1_000);
		const then = `all cut off ${seconds()} s after the last message`;
		if (!runtime.closesUnread) return `${then}; their sockets stay open as long as their TCP does`;
		const closed = () => sockets(hub.pid) <= socketsBefore + 1;
		await until(closed, { what: "their sockets to be closed", timeout, every: 100 });
		return `${then}, their sockets closed after ${seconds()} s`;
	};

	for (const history of [false, true]) {
		const kind = history ? "with history" : "without history";
		fault(
			runtime,
			`${clients} clients that never read, ${megabytes} MB: memory is bounded, other clients are not delayed, ${kind}`,
			async (s) => {
				// In the short form there is nothing to compare with on a busy machine.
				const calm = isLong
					? percentile((await flood(s, history, 0, messages / 10)).late, 99)
					: undefined;
				const { hub, late, before, highest } = await flood(s, history, clients, messages);
				// With history they have a minute to begin to read: too long to wait for with every `npm test`.
				const freed = history && !isLong ? "" : `; ${await cutOff(hub, before.sockets)}`;
				const p99 = percentile(late, 99);
				measured(
					runtime.name,
					`never read, ${kind}`,
					`resident ${before.resident} → ${highest} MiB at most; p99 of ${readers} others ` +
						`${p99.toFixed(0)} ms${calm === undefined ? "" : ` (undisturbed ${calm.toFixed(0)} ms)`}${freed}`,
				);
				// On these hosts no client stays that everything published waits for.
				const behind = history ? "sse_replays_total" : "sse_slow_clients_total";
				expect(await counter(hub.url, behind)).toBeGreaterThanOrEqual(clients);
				// They share the bytes that wait for them. Without a bound all that is published would stay.
				expect(highest - before.resident).toBeLessThan(100 + clients / 2);
				// Twice, plus the random part of a busy machine.
				if (calm !== undefined) expect(p99).toBeLessThan(2 * calm + 100);
			},
		);
	}
}
