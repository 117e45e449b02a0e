import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { memory } from "../../src/connectors/memory.ts";
import { redis } from "../../src/connectors/redis.ts";
import { upstash } from "../../src/connectors/upstash.ts";
import type { Connector } from "../../src/core/connector.ts";
import { ServerSentEvents } from "../../src/core/sse.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { startUpstashGateway, type UpstashGateway } from "../support/upstash-gateway.ts";

let server: RedisServer;
let gateway: UpstashGateway;

beforeAll(async () => {
	server = await startRedis();
	gateway = await startUpstashGateway({ redis: server.url, keepAlive: false });
});
afterAll(async () => {
	await gateway.stop();
	await server.stop();
});

const queries = ["", "&lastEventId=0", "&lastEventId=~1790000000000-0", "&lastEventId=1-1"];

/** Reads streams of unused channels to their first bytes, and leaves them. */
async function visit(connector: Connector, visits: number, names: number): Promise<void> {
	const sse = new ServerSentEvents({ connector, linger: 0, onError: () => undefined });
	onTestFinished(() => sse.close());
	for (let n = 0; n < visits; n++) {
		const list = Array.from({ length: names }, (_, k) => `channel=${n}.${k}.${"x".repeat(200)}`);
		const url = `http://hub.test/?${list.join("&")}${queries[n % queries.length]}`;
		const { body } = await sse.stream(new Request(url), { recent: n % 2 });
		const reader = body?.getReader();
		await reader?.read();
		await reader?.cancel();
	}
	expect(sse.stats()).toMatchObject({ connections: 0, channels: 0 });
}

const connectors: [name: string, connect: () => Connector, visits: number][] = [
	["redis", () => redis(server.url, { history: {}, timeout: 20_000 }), 80],
	[
		"upstash",
		() => upstash({ url: gateway.url, token: gateway.token, timeout: 20_000, history: {} }),
		8,
	],
];

test.for(connectors)("%s: a reader leaves no key", async ([, connect, visits]) => {
	await visit(connect(), visits, 32);
	expect(await server.command("DBSIZE")).toBe(0);
});

test("memory: a reader leaves no memory", async () => {
	setFlagsFromString("--expose-gc");
	const collect = runInNewContext("gc") as () => void;
	const connector = memory({ history: {} });
	await visit(connector, 50, 32);
	const used = () => {
		collect();
		return process.memoryUsage().heapUsed;
	};
	const before = used();
	// 16,000 names of 200 characters and more: 3 MB if they were kept.
	await visit(connector, 500, 32);
	expect(used() - before).toBeLessThan(1_000_000);
});
