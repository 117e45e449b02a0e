import { setTimeout as delay } from "node:timers/promises";
import { expect } from "vitest";
import type { ServerProcess } from "../../support/server.ts";
import { until } from "../../support/wait.ts";
import { type Client, crowd } from "../client.ts";
import { measured } from "../figures.ts";
import { scale } from "../scale.ts";
import { fault, type Runtime, type Scene } from "../scene.ts";

const timeout = 60_000;

/** The process is told to stop. */
export function stopping(runtime: Runtime): void {
	fault(
		runtime,
		`SIGTERM with ${scale.stopped} clients: each stream is ended once, one after the other`,
		async (s) => {
			const hub = await s.hub({});
			const clients = await crowd(scale.stopped, () => s.open(hub, [s.channel]));
			const ends: number[] = [];
			const waiting = clients.map(async (client) => {
				await client.over();
				ends.push(performance.now());
			});
			const begun = performance.now();
			await s.stop(hub);
			const stopped = performance.now() - begun;
			await Promise.all(waiting);
			for (const { state, retries } of clients)
				expect({ state, retries }).toEqual({ state: "ended", retries: 1 });
			// 10 ms each, and 5 s at the most.
			const window = Math.min(5_000, scale.stopped * 10);
			const times = ends.sort((a, b) => a - b);
			const middle =
				(times[Math.floor(times.length * 0.9)] ?? 0) - (times[Math.floor(times.length * 0.1)] ?? 0);
			measured(
				runtime.name,
				"SIGTERM",
				`${scale.stopped} ended with a retry over ${Math.round((times.at(-1) ?? 0) - (times[0] ?? 0))} ms, exit 0 after ${Math.round(stopped)} ms`,
			);
			// Eight tenths of them take eight tenths of the window, minus what a busy machine bunches together.
			expect(middle).toBeGreaterThan(window * 0.1);
		},
	);

	fault(runtime, "a rolling restart under load, with history, loses nothing", async (s) => {
		const redis = await s.redis();
		const env = {
			SSE_REDIS_URL: redis.url,
			SSE_BROKER_TIMEOUT: "20000",
			SSE_HISTORY_LENGTH: "10000",
			SSE_DRAIN: "1000",
		};
		let current = await s.hub(env);
		const followers = Array.from({ length: 30 }, () => new Follower(s, () => current));
		const lives = followers.map((each) => each.run());
		const publisher = s.publisher(redis.url, { history: { maxLength: 10_000 } });
		let count = 0;
		let publishing = true;
		await Promise.all(followers.map(({ placed }) => placed));
		const traffic = (async () => {
			while (publishing) {
				await publisher.publish(`${count++}`, { channel: s.channel });
				await delay(2);
			}
		})();
		for (let restart = 0; restart < 2; restart++) {
			const old = current;
			current = await s.hub(env);
			await s.stop(old);
		}
		publishing = false;
		await traffic;
		await until(() => followers.every(({ seen }) => seen.length >= count), {
			what: "everything to have come",
			timeout,
		});
		for (const each of followers) each.leave();
		await Promise.all(lives);
		const all = Array.from({ length: count }, (_, i) => String(i));
		for (const { seen } of followers) expect(seen).toEqual(all);
		const moves = followers.reduce((sum, { moves }) => sum + moves, 0);
		expect(moves).toBeGreaterThanOrEqual(2 * followers.length);
		measured(
			runtime.name,
			"rolling restart",
			`${count} messages to ${followers.length} clients over 2 restarts, ${moves} moves: 0 lost, 0 doubled`,
		);
	});
}

/** Comes back at once, to the newest hub, with the last id that it saw. */
class Follower {
	readonly seen: string[] = [];
	moves = 0;
	readonly placed: Promise<void>;
	readonly #scene: Scene;
	readonly #hub: () => ServerProcess;
	#placed: () => void = () => undefined;
	#client: Client | undefined;
	#left = false;

	constructor(scene: Scene, hub: () => ServerProcess) {
		this.#scene = scene;
		this.#hub = hub;
		this.placed = new Promise((resolve) => {
			this.#placed = resolve;
		});
	}

	async run(): Promise<void> {
		let lastEventId: string | undefined;
		while (!this.#left) {
			const options = { lastEventId };
			const client = this.#scene.open(this.#hub(), [this.#scene.channel], options, ({ data }) =>
				this.seen.push(data),
			);
			this.#client = client;
			await client.opened();
			this.#placed();
			await client.over(timeout);
			lastEventId = client.lastEventId ?? lastEventId;
			this.moves++;
			client.close();
			await delay(20);
		}
	}

	leave(): void {
		this.#left = true;
		this.#client?.close();
	}
}
