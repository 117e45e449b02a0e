/** The broker is killed, and comes back. */
import { setTimeout as delay } from "node:timers/promises";
import { health } from "../../test/support/hub-client.ts";
import { until } from "../../test/support/wait.ts";
import { calls, history, inBed, shareDuring } from "./bed.ts";

export interface Outage {
	/** From when Redis answers again to the first subscription, in ms: a random pause. */
	first: number;
	/** From then on to the so-manyth subscription, or with history to the so-manyth read, in ms. */
	p50: number;
	p99: number;
	last: number;
	/** CPU of the hub from then on, in µs. */
	hubUs: number;
	/** How much longer it took than it had its core for. */
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
		// A read is the last that is done for a channel.
		const names = kept ? ["xrange", "xrevrange"] : ["subscribe"];
		const at = { first: 0, p50: 0, p99: 0, last: 0 };
		const { ranUs, delay: slower } = await shareDuring(server.pid, async () => {
			while (at.last === 0) {
				const done = await calls(redis, names);
				const begun = at.first > 0 || (await calls(redis, ["subscribe"])) > 0;
				const now = Math.round(performance.now() - began) - at.first;
				if (begun && at.first === 0) at.first = now;
				if (now > 30_000) throw new Error(`Only ${done} of ${channels} channels are back.`);
				if (at.p50 === 0 && done >= channels / 2) at.p50 = now;
				if (at.p99 === 0 && done >= channels * 0.99) at.p99 = now;
				if (done >= channels) at.last = now;
				else await delay(step);
			}
			// What is still to be done for the last of them.
			await delay(500);
		});
		return { ...at, hubUs: Math.round(ranUs), delay: slower };
	});
}
