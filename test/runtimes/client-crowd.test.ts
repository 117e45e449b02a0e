import { expect, test } from "vitest";
import { EventClient } from "../../src/client.ts";
import { redis } from "../../src/connectors/redis.ts";
import { ServerSentEvents } from "../../src/core/sse.ts";
import { startRedis } from "../support/redis-server.ts";
import { type Server, startServer } from "../support/server.ts";
import { tcpProxy } from "../support/tcp-proxy.ts";
import { later, until } from "../support/wait.ts";

/** A deployment: many pages, a hub that drains, and another that takes them over. */

const crowd = 1_000;
/** A thousand clients take seconds of processor time to connect. */
const timeout = 150_000;

test("a hub drains with 1,000 clients: each event comes once, and they come back spread out", {
	timeout: 2 * timeout,
}, async () => {
	await using broker = await startRedis();
	const publisher = new ServerSentEvents({
		connector: redis(broker.url, { history: {}, timeout: 20_000 }),
	});
	const env = {
		SSE_REDIS_URL: broker.url,
		SSE_BROKER_TIMEOUT: "20000",
		SSE_HISTORY_LENGTH: "1000",
		SSE_DRAIN: "2000",
	};
	const hubs: Server[] = await Promise.all([
		startServer("node", { env }),
		startServer("node", { env }),
	]);
	const [old, next] = hubs.map(({ url }) => Number(new URL(url).port)) as [number, number];
	const target = { port: old };
	await using way = await tcpProxy(target);
	const url = `http://127.0.0.1:${way.port}/stream?channel=crowd`;
	const heard: unknown[][] = [];
	const returned: number[] = [];
	const waits: number[] = [];
	let open = 0;
	let changes = 0;
	const clients = Array.from({ length: crowd }, (_, index) => {
		const client = new EventClient(url, {
			headers: { "x-client": String(index) },
			// A thousand streams may take longer to open than a client waits before it polls.
			watchdog: timeout,
			onDebug: ({ state, why }) => void (state === "waiting" && waits.push(Number(why))),
		});
		const own: unknown[] = [];
		heard.push(own);
		for (const type of ["message", "sse.gap"] as const) client.on(type, (data) => own.push(data));
		let was = "";
		client.onState((state) => {
			if (state === "open" || was === "open") changes++;
			if (state === "open") open++;
			else if (was === "open") open--;
			if (state === "open" && target.port === next) returned.push(performance.now());
			was = state;
		});
		return client;
	});
	const published: number[] = [];
	const say = async () => {
		published.push(published.length);
		await publisher.publish(published.length - 1, { channel: "crowd" });
	};
	const isComplete = () => heard.every(({ length }) => length >= published.length);
	const complete = (what: string) => until(isComplete, { what, timeout });
	try {
		await until(() => open === crowd, { what: "all clients", timeout });
		await say();
		await complete("the first event");

		target.port = next;
		let isGone = false;
		const stop = async () => {
			const code = await hubs[0]?.stop();
			isGone = true;
			return code;
		};
		const gone = later(stop());
		// While they leave and come, messages keep flowing: an event for each fiftieth client.
		await until(
			async () => {
				while (published.length < changes / 50) await say();
				return isGone && open === crowd;
			},
			{ what: "all to come back", timeout, every: 100 },
		);
		expect(await gone).toBe(0);
		await say();
		await complete("all events");
		for (const own of heard) expect(own).toEqual(published);

		// They are told to come after 2 to 6 s. The distribution in a busy process is printed for people.
		expect(waits).toHaveLength(crowd);
		expect(mostWithin(500, waits)).toBeLessThan(crowd / 4);
		const took = Math.round(Math.max(...returned) - Math.min(...returned));
		console.log(
			`${crowd} clients came back within ${took} ms, at most ${mostWithin(100, returned)} of them in 100 ms`,
		);
	} finally {
		for (const client of clients) client.close();
		await publisher.close();
		await Promise.all(hubs.map((hub) => hub.kill()));
	}
});

/** The largest number of these times within one interval. */
function mostWithin(ms: number, times: readonly number[]): number {
	const near = times.map((from) => times.filter((at) => at >= from && at < from + ms).length);
	return Math.max(...near);
}
