import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { redis as connectRedis } from "../../src/connectors/redis.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { RelayRoot, relayToken } from "../support/relay-root.ts";
import { startUpstashGateway, type UpstashGateway } from "../support/upstash-gateway.ts";
import { until } from "../support/wait.ts";
import { startWorker, type Worker } from "../support/worker.ts";
import { ObjectClient, streamsWorker } from "./fixtures/client.ts";

let redis: RedisServer;
let gateway: UpstashGateway;
let hub: RelayRoot;
let worker: Worker;
beforeAll(async () => {
	redis = await startRedis();
	gateway = await startUpstashGateway({ redis: redis.url });
	hub = new RelayRoot(() => connectRedis(redis.url));
	await hub.start();
	worker = await startWorker(
		streamsWorker({
			env: {
				REDIS_URL: redis.url,
				...{ UPSTASH_URL: gateway.url, UPSTASH_TOKEN: gateway.token },
				...{ HUB_URL: hub.url, HUB_TOKEN: relayToken },
			},
		}),
	);
});
afterAll(async () => {
	await worker.kill();
	await hub.close();
	await gateway.stop();
	await redis.stop();
});

const message = (data: string) => JSON.stringify({ data });

describe.each(["UpstashRelay", "RedisRelay", "HubRelay"])("%s", (binding) => {
	test("30 clients are one subscription upstream, and none once they have left", async () => {
		const objects = new ObjectClient(worker, binding);
		const channel = `${binding} crowd, a/../b`;
		const crowd = await Promise.all(Array.from({ length: 30 }, () => objects.socket(channel)));
		expect(await redis.numsub(channel)).toBe(1);
		await redis.command("PUBLISH", channel, message("from elsewhere"));
		expect(await objects.publish(channel, "from the Worker")).toEqual({ receivers: 1 });
		for (const stream of crowd) {
			expect(await stream.data(2)).toEqual(["from elsewhere", "from the Worker"]);
		}
		for (const stream of crowd) stream.reset();
		await until(async () => (await redis.numsub(channel)) === 0, {
			what: "the object to leave upstream",
		});
	});

	test("messages() in a Worker reads through the object", async () => {
		const objects = new ObjectClient(worker, binding);
		const channel = `${binding} messages`;
		const { data } = await objects.messages(channel);
		await until(async () => (await redis.numsub(channel)) === 1, { what: "the subscription" });
		for (const text of ["one", "two"]) await redis.command("PUBLISH", channel, message(text));
		await until(() => data.length === 2, { what: "both messages" });
		expect(data).toEqual(["one", "two"]);
	});
});

test("while the upstream is down, streams stay; publishers and new clients are told to retry", async () => {
	const objects = new ObjectClient(worker, "UpstashRelay");
	const stream = await objects.stream("outage");
	const { data } = await objects.messages("outage");
	await until(async () => (await redis.numsub("outage")) === 2, { what: "both subscriptions" });
	await gateway.stop();
	expect(await objects.publish("outage", "lost")).toEqual({ error: "unavailable" });
	const late = await objects.stream("another");
	await late.end();
	expect(late.text).toMatch(/^:\n\nretry:\d{4}\n\n$/);
	await gateway.start();
	await until(async () => (await redis.numsub("outage")) === 2, {
		what: "both subscriptions, again",
	});
	expect(await objects.publish("outage", "found")).toEqual({ receivers: 2 });
	expect(await stream.data(1)).toEqual(["found"]);
	await until(() => data.length === 1, { what: "the message" });
	expect(data).toEqual(["found"]);
});

test("the Worker hears that the upstream refuses, and clients do not", async () => {
	const objects = new ObjectClient(worker, "Refused");
	expect(await objects.publish("refused", "x")).toEqual({ error: "refused" });
	const { data } = await objects.messages("refused");
	await until(() => data.length === 1, { what: "the end of messages()" });
	expect(data).toEqual([{ end: { error: "refused" } }]);
	const stream = await objects.stream("refused");
	await stream.end();
	expect(stream.text).toMatch(/^:\n\nretry:\d{4}\n\n$/);
});
