import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { redis } from "../../src/connectors/redis.ts";
import { upstash } from "../../src/connectors/upstash.ts";
import type { Connector } from "../../src/core/connector.ts";
import { ServerSentEvents } from "../../src/core/sse.ts";
import { Recorder } from "../../src/testing.ts";
import { type RedisCluster, startCluster } from "../support/redis-cluster.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { tcpProxy } from "../support/tcp-proxy.ts";
import { startUpstashGateway } from "../support/upstash-gateway.ts";
import { until } from "../support/wait.ts";

/** Long enough for a machine that is busy with other tests. */
const timeout = 20_000;
const count = 30;
/** The test ends while the last answers are on their way. */
const onError = (error: unknown) => expect(error).toMatchObject({ code: "closed" });
const words = Array.from({ length: count }, (_, n) => `word ${n}`);

function ends<T extends AsyncDisposable | { close(): Promise<void> } | { stop(): Promise<void> }>(
	it: T,
): T {
	onTestFinished(async () => {
		if ("close" in it) await it.close();
		else if ("stop" in it) await it.stop();
		else await it[Symbol.asyncDispose]();
	});
	return it;
}

/** A Redis that has just started, 20 ms away. */
async function farRedis() {
	const server = ends(await startRedis());
	const proxy = ends(await tcpProxy({ port: server.port }));
	proxy.latency(10);
	return { server, proxy, url: `redis://127.0.0.1:${proxy.port}` };
}

async function listening(url: string | Connector, channel: string): Promise<Recorder> {
	const recorder = new Recorder();
	await ends(typeof url === "string" ? redis(url, { timeout }) : url).subscribe(channel, recorder);
	return recorder;
}

/** The data that arrived, in order. */
const dataOf = (recorder: Recorder) =>
	recorder.messages.map((text) => (JSON.parse(text) as { data: string }).data);

/** The data that the stream holds, in order. */
async function stored(server: RedisServer, key: string): Promise<string[]> {
	const entries = (await server.command("XRANGE", key, "-", "+")) as [string, string[]][];
	return entries.flatMap(([, [field, text = ""]]) =>
		field === "m" ? [JSON.parse(text).data] : [],
	);
}

describe.each([
	["with history", { history: {} }],
	["without history", {}],
])("%s, a Redis that has just started, 20 ms away", (what, options) => {
	test.each([5, 0])("30 publishes without await, %i ms apart, keep their order", async (ms) => {
		const { server, url } = await farRedis();
		const recorder = await listening(server.url, "words");
		const sse = ends(
			new ServerSentEvents({ connector: redis(url, { ...options, timeout }), onError }),
		);
		for (const word of words) {
			sse.send(word, { channel: "words" });
			if (ms > 0) await delay(ms);
		}
		await until(() => recorder.messages.length === count, { what: "all words" });
		expect(dataOf(recorder)).toEqual(words);
		if (what === "without history") return;
		const [key = ""] = (await server.command("KEYS", "sse:history:*")) as string[];
		expect(await stored(server, key)).toEqual(words);
	});

	test("publishes keep their order while the server forgets its scripts and cuts connections", async () => {
		const { server, proxy, url } = await farRedis();
		const recorder = await listening(server.url, "words");
		const connector = ends(redis(url, { ...options, timeout }));
		const outcomes: Promise<boolean>[] = [];
		for (let n = 0; n < 200; n++) {
			const publishing = connector.publish("words", JSON.stringify({ data: n }));
			outcomes.push(
				publishing.then(
					() => true,
					() => false,
				),
			);
			await delay(2);
			if (n % 40 === 20) await server.command("SCRIPT", "FLUSH");
			if (n % 60 === 50) proxy.cut();
		}
		const published = (await Promise.all(outcomes)).flatMap((done, n) => (done ? [n] : []));
		const last = published.at(-1) ?? Number.NaN;
		await until(() => dataOf(recorder).map(Number).includes(last), { what: "the last one" });
		const came = dataOf(recorder).map(Number);
		expect(came).toEqual([...came].sort((a, b) => a - b));
		// A publish whose answer was cut off may have arrived all the same. Nothing else is missing.
		expect(published.filter((n) => !came.includes(n))).toEqual([]);
		expect(published.length).toBeGreaterThan(100);
	});
});

describe("a Cluster whose nodes are 20 ms away", () => {
	let cluster: RedisCluster;
	beforeAll(async () => {
		cluster = await startCluster();
	});
	afterAll(() => cluster.stop());

	test.each([
		["with history", { history: {} }, {}],
		["without history", {}, {}],
		["with history, sharded", { history: {} }, { sharded: true }],
	])(
		"%s, 30 publishes to a channel of each node keep their order",
		async (_, options, sharding) => {
			// The state of each node when it started.
			for (const node of cluster.nodes) await node.command("SCRIPT", "FLUSH");
			const proxies = await Promise.all(
				cluster.nodes.map(async ({ port }) => {
					const proxy = ends(await tcpProxy({ port }));
					proxy.latency(10);
					return [`127.0.0.1:${port}`, { host: "127.0.0.1", port: proxy.port }] as const;
				}),
			);
			const channels = await channelOfEachNode(cluster);
			const far = {
				rootNodes: proxies.map(([, { port }]) => ({ url: `redis://127.0.0.1:${port}` })),
				nodeAddressMap: Object.fromEntries(proxies),
			};
			const recorders = await Promise.all(
				channels.map((channel) =>
					listening(redis({ rootNodes: cluster.rootNodes }, { ...sharding, timeout }), channel),
				),
			);
			const connector = ends(redis(far, { ...options, ...sharding, timeout }));
			const publishing: Promise<unknown>[] = [];
			for (const word of words) {
				for (const channel of channels) {
					publishing.push(connector.publish(channel, JSON.stringify({ data: word })));
				}
				await delay(5);
			}
			await Promise.all(publishing);
			for (const recorder of recorders) {
				await until(() => recorder.messages.length === count, { what: "all words" });
				expect(dataOf(recorder)).toEqual(words);
			}
		},
	);
});

async function channelOfEachNode(cluster: RedisCluster) {
	const found = new Map<RedisServer, string>();
	for (let n = 0; found.size < cluster.nodes.length; n++) {
		const owner = await cluster.owner(`words ${n}`);
		if (!found.has(owner)) found.set(owner, `words ${n}`);
	}
	return [...found.values()];
}

describe.each([
	["with history", { history: {} }],
	["without history", {}],
])("%s, Upstash whose answers come in any order", (_, options) => {
	test("30 publishes keep their order, and a batch is one billed command", async () => {
		const server = ends(await startRedis());
		const gateway = ends(await startUpstashGateway({ redis: server.url }));
		const recorder = await listening(server.url, "words");
		const waits = Array.from({ length: count }, (_, n) => (n * 17) % 40);
		gateway.behave({ delay: () => waits.pop() ?? 0 });
		const { url, token } = gateway;
		const sse = ends(
			new ServerSentEvents({ connector: upstash({ url, token, timeout, ...options }), onError }),
		);
		for (const word of words) {
			sse.send(word, { channel: "words" });
			await delay(3);
		}
		await until(() => recorder.messages.length === count, { what: "all words" });
		expect(dataOf(recorder)).toEqual(words);
		expect(gateway.commands).toBeLessThan(count);
		expect(gateway.commands).toBe(gateway.requests.length);
	});
});

test("a slow schema does not let a later call go first", async () => {
	const server = ends(await startRedis());
	const recorder = await listening(server.url, "words");
	const schema = {
		"~standard": {
			version: 1 as const,
			vendor: "test",
			validate: async (value: unknown) => {
				if (Number(String(value).slice(5)) % 3 === 0) await delay(20);
				if (value === "word 6") return { issues: [{ message: "not this one" }] };
				return { value };
			},
		},
	};
	const sse = ends(
		new ServerSentEvents({
			connector: redis(server.url, { timeout: 20_000 }),
			events: { message: schema },
		}),
	);
	const calls = words.map((word) => sse.publish(word, { channel: "words" }));
	const outcomes = await Promise.allSettled(calls);
	expect(outcomes.filter(({ status }) => status === "rejected")).toHaveLength(1);
	await until(() => recorder.messages.length === count - 1, { what: "all words but one" });
	expect(dataOf(recorder)).toEqual(words.filter((word) => word !== "word 6"));
});

test("50,000 publishes to a slow broker end in errors and not in a full memory", async () => {
	const server = ends(await startRedis());
	const connector = ends(redis(server.url, { history: {}, timeout: 1_000 }));
	await connector.publish("words", '{"data":0}');
	server.pause();
	const outcomes = Array.from({ length: 50_010 }, () =>
		connector.publish("words", '{"data":1}').then(
			() => "published",
			(error: Error) => error.message,
		),
	);
	expect(await outcomes.at(-1)).toMatch(/^redis\(\): 50000 publishes .* wait for the broker/);
	expect(await outcomes[0]).toMatch(/did not answer within 1000 ms/);
	await Promise.all(outcomes);
	server.resume();
	await connector.publish("words", '{"data":2}');
});
