/** Measures what Redis spends on a publish, a subscriber and a subscription, as it counts it itself. */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { promisify } from "node:util";
import { redis as connector } from "../../src/connectors/redis.ts";
import { ServerSentEvents } from "../../src/core/sse.ts";
import type { RedisServer } from "../../test/support/redis-server.ts";
import { until } from "../../test/support/wait.ts";
import { inBed, redisBooks } from "./bed.ts";

const commands = 20_000;
const subscribers = 50;
const subscriptions = 20_000;
const stored = 10_000;

export async function redisCosts(load: string): Promise<Record<string, number>> {
	return inBed(load, async ({ redis }) => {
		const data = JSON.stringify({ data: "x".repeat(200) });
		const alone = await perCommand(redis, "PUBLISH", "bench", data);
		const sockets = await Promise.all(
			Array.from({ length: subscribers }, () => subscribed(redis, ["bench"])),
		);
		const shared = await perCommand(redis, "PUBLISH", "bench", data);
		if ((await redis.numsub("bench")) < subscribers) throw new Error("Redis dropped a subscriber.");
		for (const socket of sockets) socket.destroy();

		const names = Array.from({ length: subscriptions }, (_, n) => `channel-${n}`);
		const before = await redisBooks(redis);
		const socket = await subscribed(redis, names);
		const after = await redisBooks(redis);
		socket.destroy();
		await redis.command("XADD", "stream", "1-0", "field", data);
		const read = await perCommand(redis, "XRANGE", "stream", "1-0", "+", "COUNT", "502");
		const unstored = await redisBooks(redis);
		await store(redis, 1_000);
		const begun = await redisBooks(redis);
		await store(redis, stored);
		const ended = await redisBooks(redis);
		const keys = await redisBooks(redis);
		return {
			redisPublishUs: alone,
			redisSubscriberUs: (shared - alone) / subscribers,
			redisSubscribeUs: (after.cpu - before.cpu) / subscriptions,
			redisSubscriptionBytes: (after.memory - before.memory) / subscriptions,
			redisReadUs: read,
			redisStoredPublishUs: (ended.cpu - begun.cpu) / stored,
			redisStoredMessageBytes: (keys.memory - unstored.memory) / (stored + 1_000),
		};
	});
}

/** Calls a command on fifty connections, one at a time on each. */
async function perCommand(redis: RedisServer, ...command: string[]): Promise<number> {
	const before = await redisBooks(redis);
	const args = ["-p", String(redis.port), "-n", String(commands), "-c", "50", "-q"];
	// Not synchronously, because the subscribers must be read meanwhile, or Redis would drop them.
	await promisify(execFile)("redis-benchmark", [...args, ...command]);
	return ((await redisBooks(redis)).cpu - before.cpu) / commands;
}

/** Opens a connection and subscribes as the library does: with a command for each channel. */
async function subscribed(redis: RedisServer, names: readonly string[]): Promise<Socket> {
	const socket = connect(redis.port, "127.0.0.1");
	await once(socket, "connect");
	socket.resume();
	const asked = (await redis.calls("subscribe")) + names.length;
	const text = names.map((name) => `*2\r\n$9\r\nSUBSCRIBE\r\n$${name.length}\r\n${name}\r\n`);
	socket.write(text.join(""));
	await until(async () => (await redis.calls("subscribe")) >= asked, { what: "subscriptions" });
	return socket;
}

/** Publishes messages that are kept, 50 at a time, to 500 channels. */
async function store(redis: RedisServer, count: number): Promise<void> {
	const sse = new ServerSentEvents({
		connector: connector(redis.url, { history: { maxLength: 100 }, timeout: 30_000 }),
	});
	try {
		const data = "x".repeat(200);
		for (let n = 0; n < count; n += 50) {
			const some = Array.from({ length: 50 }, (_, i) => `room-${(n + i) % 500}`);
			await Promise.all(some.map((channel) => sse.publish(data, { channel })));
		}
	} finally {
		await sse.close();
	}
}
