/** Measures a hub whose broker is killed and started again. */
import { setTimeout as delay } from "node:timers/promises";
import { health } from "../../test/support/hub-client.ts";
import { until } from "../../test/support/wait.ts";
import { history, inBed, shareDuring } from "./bed.ts";

export interface Outage {
	/** The time from Redis' first answer to the first subscription, in ms. It is a random pause. */
	first: number;
	/** The time from then until half, 99 % and all of the subscriptions were made, in ms; with history, of the reads. */
	p50: number;
	p99: number;
	last: number;
	/** The CPU time of the hub from then on, in µs. */
	hubUs: number;
	/** By what factor it took longer because it had to wait for its core. */
	delay: number;
}

const away = 2_000;
const step = 5;

/** One client on each channel. */
export async function outage(load: string, channels: number, kept: boolean): Promise<Outage> {
	return inBed(load, async ({ redis, hub, clients }) => {
		const server = await hub({ SSE_REDIS_URL: redis.url, ...(kept ? history : {}) });
		const url = `http://127.0.0.1:${server.port}`;
		await clients(server, channels, channels);
		await redis.kill();
		await until(async () => (await health({ url })).status === "unavailable", { what: "its loss" });
		await delay(away);
		await redis.restart();
		const began = performance.now();
		// The read is the last step for a channel.
		const names = kept ? ["xrange", "xrevrange"] : ["subscribe"];
		const at = { first: 0, p50: 0, p99: 0, last: 0 };
		const { ranUs, delay: slower } = await shareDuring(server.pid, async () => {
			while (at.last === 0) {
				const done = await redis.calls(...names);
				const begun = at.first > 0 || (await redis.calls("subscribe")) > 0;
				const now = Math.round(performance.now() - began) - at.first;
				if (begun && at.first === 0) at.first = now;
				if (now > 30_000) throw new Error(`Only ${done} of ${channels} channels are back.`);
				if (at.p50 === 0 && done >= channels / 2) at.p50 = now;
				if (at.p99 === 0 && done >= channels * 0.99) at.p99 = now;
				if (done >= channels) at.last = now;
				else await delay(step);
			}
			// The last channels may need some more work.
			await delay(500);
		});
		return { ...at, hubUs: Math.round(ranUs), delay: slower };
	});
}
