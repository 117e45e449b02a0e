import { expect } from "vitest";
import { health, post } from "../../support/hub-client.ts";
import type { RedisServer } from "../../support/redis-server.ts";
import { until } from "../../support/wait.ts";
import { measured } from "../figures.ts";
import { fault, type Runtime } from "../scene.ts";

const timeout = 60_000;
const padding = "x".repeat(200_000);

/** A Redis that hangs, and one that closes our connections. */
export function broker(runtime: Runtime): void {
	fault(
		runtime,
		"a frozen Redis (SIGSTOP): streams stay, publishing fails in time, and all continues afterwards",
		async (s) => {
			const redis = await s.redis();
			const hub = await s.hub({ SSE_REDIS_URL: redis.url });
			const client = await s.stream(hub, [s.channel]);
			redis.pause();
			const begun = performance.now();
			const { status } = await post(hub, { data: "into the void", channel: s.channel });
			const refused = performance.now() - begun;
			expect(status).toBe(503);
			expect((await health(hub)).status).toBe("unavailable");
			redis.resume();
			const back = performance.now();
			await until(
				async () => (await post(hub, { data: "after", channel: s.channel })).status === 200,
				{
					what: "publishing to work again",
					timeout,
				},
			);
			const again = performance.now() - back;
			measured(
				runtime.name,
				"SIGSTOP",
				`a publish failed after ${Math.round(refused)} ms; published ${Math.round(again)} ms after SIGCONT`,
			);
			const arrived = () => client.events.some(({ data }) => data === "after");
			await until(arrived, { what: "the event", timeout });
			expect(client.state).toBe("open");
		},
	);

	/** Freezes the hub until Redis has closed its connection. @returns how many messages that took. */
	const overflow = async (
		redis: RedisServer,
		pid: number,
		channel: string,
		publish: (data: string) => Promise<unknown>,
	): Promise<number> => {
		await redis.command("CONFIG", "SET", "client-output-buffer-limit", "pubsub 300kb 300kb 60");
		process.kill(pid, "SIGSTOP");
		let count = 0;
		try {
			// The kernel's buffers for it fill first.
			while ((await redis.numsub(channel)) > 0) {
				expect(count, "messages to a hub that is frozen").toBeLessThan(400);
				await publish(`${++count} ${padding}`);
			}
		} finally {
			process.kill(pid, "SIGCONT");
		}
		return count;
	};
	const numbersOf = (events: readonly { data: string }[]) =>
		events.map(({ data }) => Number.parseInt(data, 10));

	fault(
		runtime,
		"a hub that Redis drops as a slow subscriber, with history: nothing is lost",
		async (s) => {
			const redis = await s.redis();
			const history = { maxLength: 1_000 };
			const hub = await s.hub({ SSE_REDIS_URL: redis.url, SSE_HISTORY_LENGTH: "1000" });
			const client = await s.stream(hub, [s.channel]);
			const publisher = s.publisher(redis.url, { history });
			const publish = (data: string) => publisher.publish(data, { channel: s.channel });
			const count = await overflow(redis, hub.pid, s.channel, publish);
			await publish(`${count + 1}`);
			await until(() => client.events.length >= count + 1, { what: "all of it", timeout });
			expect(numbersOf(client.events)).toEqual(Array.from({ length: count + 1 }, (_, i) => i + 1));
			expect(client.state).toBe("open");
			expect(hub.output).toContain('"event":"upstream"');
			measured(runtime.name, "output buffer, history", `dropped after ${count} messages, 0 lost`);
		},
	);

	fault(
		runtime,
		"a hub that Redis drops as a slow subscriber, without history: onError is told, and streams continue",
		async (s) => {
			const redis = await s.redis();
			const hub = await s.hub({ SSE_REDIS_URL: redis.url });
			const client = await s.stream(hub, [s.channel]);
			const publisher = s.publisher(redis.url);
			const publish = (data: string) => publisher.publish(data, { channel: s.channel });
			const count = await overflow(redis, hub.pid, s.channel, publish);
			const subscribed = async () => (await redis.numsub(s.channel)) === 1;
			await until(subscribed, { what: "the subscription to be back", timeout });
			await publish("100000 and on");
			await until(() => numbersOf(client.events).at(-1) === 100_000, {
				what: "what is new",
				timeout,
			});
			const seen = numbersOf(client.events).slice(0, -1);
			// What came, came in order, and a hole is only at the end.
			expect(seen).toEqual(seen.map((_, i) => i + 1));
			expect(client.state).toBe("open");
			expect(hub.output).toContain('"event":"upstream"');
			measured(
				runtime.name,
				"output buffer",
				`dropped after ${count} messages, ${count - seen.length} of them lost, onError heard`,
			);
		},
	);
}
