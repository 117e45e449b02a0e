import { setTimeout as delay } from "node:timers/promises";
import { expect } from "vitest";
import { call, type Health, health } from "../../support/hub-client.ts";
import type { ServerProcess } from "../../support/server.ts";
import { until } from "../../support/wait.ts";
import { measured } from "../figures.ts";
import { resident, sockets } from "../process.ts";
import { scale } from "../scale.ts";
import { fault, type Runtime, type Scene } from "../scene.ts";

const timeout = 60_000;
const collector = "./test/faults/programs/collect.ts";

/** Clients that connect and vanish without closing, all the time. */
export function vanishing(runtime: Runtime): void {
	const { clients, duration } = scale.vanishing;

	fault(runtime, `${clients} clients that connect and vanish leave nothing behind`, async (s) => {
		const redis = await s.redis();
		const hub = await s.hub({
			SSE_REDIS_URL: redis.url,
			SSE_BROKER_TIMEOUT: "20000",
			NODE_OPTIONS: `--expose-gc --import ${collector}`,
			BUN_OPTIONS: `--preload ${collector}`,
		});
		const publisher = s.publisher(redis.url);
		const channels = Array.from({ length: 20 }, (_, i) => `${s.channel}.${i}`);
		await call(`${hub.url}/metrics`);
		const empty = sockets(hub.pid);
		const storm = (ms: number) => vanish(s, hub, channels, ms);
		let left: Health | undefined;
		const calm = async () => {
			const gone = async () => {
				left = await health(hub);
				return left.connections + left.channels === 0;
			};
			await until(gone, { what: "the hub to be rid of all clients", timeout, every: 50 }).catch(
				(error: unknown) => {
					throw new Error(`The hub still has ${JSON.stringify(left)}.`, { cause: error });
				},
			);
			// The hub's two connections to Redis are added, and this test's own.
			const closed = () => sockets(hub.pid) <= empty + 3;
			await until(closed, { what: "all sockets to be closed", timeout, every: 50 });
			const quiet = async () => {
				const counts = await Promise.all(channels.map((channel) => redis.numsub(channel)));
				return counts.every((count) => count === 0);
			};
			await until(quiet, { what: "Redis to be rid of all subscriptions", timeout, every: 50 });
		};
		let publishing = true;
		const traffic = (async () => {
			for (let i = 0; publishing; i++) {
				// It is closed by the cleanup when the test fails.
				const published = publisher.publish({ i }, { channel: channels[i % channels.length] });
				await published.catch(() => {
					publishing = false;
				});
				await delay(5);
			}
		})();
		// Memory that a process allocates only once is allocated before the measurement.
		await storm(duration / 4);
		await calm();
		const before = await lowest(s, hub);
		const visits = await storm(duration);
		await calm();
		publishing = false;
		await traffic;
		// What a leaked client leaves weighs some thousand bytes.
		const heapLimit = before.heap + 2 + (visits * 250) / 1e6;
		let after = await footprint(s, hub);
		const settled = async () => {
			after = await footprint(s, hub);
			const { sockets, timers, heap } = after;
			return sockets <= before.sockets && timers <= before.timers && heap <= heapLimit;
		};
		// The hub has left Redis a moment before it receives the confirmation.
		await until(settled, { what: "no more than before", timeout, every: 100 }).catch(
			(error: unknown) => {
				const figures = JSON.stringify({ visits, before, after });
				throw new Error(`Something is left: ${figures}`, { cause: error });
			},
		);
		const of = (key: keyof Footprint) => `${key} ${before[key]} → ${after[key]}`;
		measured(
			runtime.name,
			"vanishing clients",
			`${visits} visits by ${clients} at a time; ${of("sockets")}, ${of("timers")}, ` +
				`${of("heap")} MB, ${of("resident")} MiB`,
		);
		expect(visits).toBeGreaterThan(clients);
		// Allocators keep the memory of the peak, so this sees no leak below 10 kB a visit.
		expect(after.resident - before.resident).toBeLessThan(40 + visits / 100);
	});
}

/** @returns how many visits there were. */
async function vanish(
	scene: Scene,
	hub: ServerProcess,
	channels: readonly string[],
	ms: number,
): Promise<number> {
	const { clients } = scale.vanishing;
	const end = performance.now() + ms;
	let visits = 0;
	const live = async () => {
		while (performance.now() < end) {
			visits++;
			const channel = channels[Math.floor(Math.random() * channels.length)] ?? "";
			const client = scene.visit(hub, [channel, `${scene.channel}.0`]);
			// Some leave before the hub has answered, or has even read their request.
			await delay(Math.random() < 0.2 ? 0 : Math.random() * ms * 0.3);
			client.close(Math.random() < 0.5 ? "reset" : "end");
		}
	};
	await Promise.all(Array.from({ length: clients }, live));
	return visits;
}

interface Footprint {
	sockets: number;
	/** 0 where a runtime does not report it, as the next. */
	timers: number;
	/** What is in use right after a garbage collection, in MB. */
	heap: number;
	/** In MiB. */
	resident: number;
}

/** Once the heap does not shrink any more: some objects are released a little later. */
async function lowest(scene: Scene, hub: ServerProcess): Promise<Footprint> {
	let low = await footprint(scene, hub);
	for (let same = 0; same < 5; same++) {
		await delay(100);
		const next = await footprint(scene, hub);
		if (next.heap < low.heap) same = 0;
		low = {
			...next,
			heap: Math.min(next.heap, low.heap),
			timers: Math.min(next.timers, low.timers),
		};
	}
	return low;
}

async function footprint({ runtime }: Scene, hub: ServerProcess): Promise<Footprint> {
	// Deno would exit on it.
	if (runtime.name !== "deno") process.kill(hub.pid, "SIGUSR2");
	const { body } = await call(`${hub.url}/metrics`);
	const value = (line: RegExp) => Number(line.exec(body)?.[1] ?? 0);
	return {
		sockets: sockets(hub.pid),
		timers: value(/^nodejs_active_resources\{type="Timeout"\} (\d+)$/m),
		heap: Math.round(value(/^nodejs_heap_size_used_bytes (\d+)$/m) / 1e5) / 10,
		resident: resident(hub.pid),
	};
}
