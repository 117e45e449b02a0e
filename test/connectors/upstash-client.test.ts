import { Agent } from "node:https";
import { Redis } from "@upstash/redis";
import { Redis as OnCloudflare } from "@upstash/redis/cloudflare";
import { Redis as OnFastly } from "@upstash/redis/fastly";
import { Redis as OnNode } from "@upstash/redis/node";
import { Redis as Previous } from "upstash-redis-previous";
import { Redis as PreviousOnCloudflare } from "upstash-redis-previous/cloudflare";
import { Redis as PreviousOnFastly } from "upstash-redis-previous/fastly";
import { afterEach, describe, expect, test, vi } from "vitest";
import { type UpstashRedisClient, upstash } from "../../src/connectors/upstash.ts";
import { Recorder } from "../../src/testing.ts";
import { until } from "../support/wait.ts";
import { asItsClient, suiteOf } from "./clauses.ts";
import { httpOf, useClients } from "./upstash-client-kit.ts";
import { broker, runner } from "./upstash-harness.ts";

const { fixture, where } = useClients();
afterEach(() => vi.unstubAllEnvs());

const env = () => ({
	UPSTASH_REDIS_REST_URL: fixture.gateway.url,
	UPSTASH_REDIS_REST_TOKEN: fixture.gateway.token,
});
function stubEnvironment(prefix: string): void {
	vi.stubEnv(`${prefix}_URL`, fixture.gateway.url);
	vi.stubEnv(`${prefix}_TOKEN`, fixture.gateway.token);
}

const telemetryOf = (headers: object) =>
	Object.entries(headers)
		.map(([name, value]) => [name.toLowerCase(), value])
		.filter(([name]) => String(name).startsWith("upstash-telemetry"))
		.sort();

suiteOf(asItsClient)(
	"upstash, a client of @upstash/redis handed in",
	{
		connect: () => upstash(new Redis(where()), { timeout: 1_500 }),
		timeout: 1_500,
		refused: () => upstash(new Redis({ ...where(), token: "another-secret" }), { timeout: 1_500 }),
		history: {
			connect: (history) => upstash(new Redis(where()), { timeout: 1_500, history }),
			runs: true,
			raced: 1_000,
			wipe: async () => void (await fixture.server.command("FLUSHALL")),
		},
		borrow: () => {
			const client = new Redis(where());
			return {
				connector: upstash(client, { timeout: 1_500 }),
				check: async () => void (await client.ping()),
				release: async () => undefined,
			};
		},
		secrets: ["gateway-secret-token", "another-secret"],
		broker: broker(
			() => fixture.gateway,
			() => fixture.server,
		),
		lacks: {},
	},
	runner(() => fixture.gateway),
);

describe("a client of each kind streams, keeps and publishes once, and is unchanged afterwards", () => {
	test.for<[string, () => UpstashRedisClient]>([
		["new Redis", () => new Redis(where())],
		["new Redis of /node", () => new OnNode(where())],
		["new Redis of /cloudflare", () => new OnCloudflare(where())],
		["new Redis of /fastly", () => new OnFastly({ ...where(), backend: "db" })],
		[
			"Redis.fromEnv",
			() => {
				stubEnvironment("UPSTASH_REDIS_REST");
				return Redis.fromEnv();
			},
		],
		[
			"Redis.fromEnv with Vercel's names",
			() => {
				stubEnvironment("KV_REST_API");
				return Redis.fromEnv();
			},
		],
		["Redis.fromEnv(env) of /cloudflare", () => OnCloudflare.fromEnv(env())],
		["the previous version", () => new Previous(where())],
		[
			"the previous version, fromEnv",
			() => {
				stubEnvironment("UPSTASH_REDIS_REST");
				return Previous.fromEnv();
			},
		],
		["the previous version of /cloudflare", () => PreviousOnCloudflare.fromEnv(env())],
		["the previous version of /fastly", () => new PreviousOnFastly({ ...where(), backend: "db" })],
		["a subclass", () => new (class extends Redis {})(where())],
		["enableAutoPipelining", () => new Redis({ ...where(), enableAutoPipelining: true })],
		["no enableAutoPipelining", () => new Redis({ ...where(), enableAutoPipelining: false })],
		["an agent", () => new Redis({ ...where(), agent: new Agent({ keepAlive: true }) })],
		["no keepAlive", () => new Redis({ ...where(), keepAlive: false })],
		["retry", () => new Redis({ ...where(), retry: { retries: 3, backoff: () => 1 } })],
		["no retry", () => new Redis({ ...where(), retry: false })],
		["a signal", () => new Redis({ ...where(), signal: new AbortController().signal })],
		[
			"a signal for each request",
			() => new Redis({ ...where(), signal: () => AbortSignal.timeout(60_000) }),
		],
		["no responseEncoding", () => new Redis({ ...where(), responseEncoding: false })],
		["readYourWrites", () => new Redis({ ...where(), readYourWrites: true })],
		["no readYourWrites", () => new Redis({ ...where(), readYourWrites: false })],
		["no telemetry", () => new Redis({ ...where(), enableTelemetry: false })],
		[
			"no automaticDeserialization, and latencyLogging",
			() => new Redis({ ...where(), automaticDeserialization: false, latencyLogging: true }),
		],
	])("%s", async ([name, make]) => {
		const client = make();
		const before = JSON.stringify(httpOf(client));
		const connector = upstash(client, { timeout: 1_500, history: {} });
		const recorder = new Recorder();
		const channel = `made.${name}`;
		await connector.subscribe(channel, recorder);
		const texts = ["OK", "é😀\ufeff漢", "123", "null", "T0s="];
		const ids: unknown[] = [];
		for (const text of texts) {
			ids.push((await connector.publish(channel, JSON.stringify({ text }))).id);
		}
		const payloads = texts.map(
			(text, i) => `{"id":"${ids[i]}",${JSON.stringify({ text }).slice(1)}`,
		);
		await until(() => recorder.messages.length === texts.length, { what: "all messages" });
		expect(recorder.messages).toEqual(payloads);
		const page = await connector.history?.read(channel, "0-0", 10);
		expect(page?.messages.map(({ payload }) => payload)).toEqual(payloads);

		const requests = fixture.gateway.requests.length;
		fixture.gateway.fault({ status: "reset", to: "command", afterwards: true, times: 1 });
		const failed = connector.publish(channel, '{"text":"once"}');
		await expect(failed).rejects.toMatchObject({ code: "unavailable" });
		expect(fixture.gateway.requests.length - requests).toBe(1);
		await connector.close();

		const { headers } = fixture.gateway.requests.at(-1) ?? {};
		expect(telemetryOf(headers ?? {})).toEqual(telemetryOf(httpOf(client).headers));
		expect(JSON.stringify(httpOf(client))).toBe(before);
	});
});
