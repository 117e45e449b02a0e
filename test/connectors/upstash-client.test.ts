import { Agent } from "node:https";
import { Redis } from "@upstash/redis";
import { Redis as OnCloudflare } from "@upstash/redis/cloudflare";
import { Redis as OnFastly } from "@upstash/redis/fastly";
import { Redis as OnNode } from "@upstash/redis/node";
import { Redis as Previous } from "upstash-redis-previous";
import { Redis as PreviousOnCloudflare } from "upstash-redis-previous/cloudflare";
import { Redis as PreviousOnFastly } from "upstash-redis-previous/fastly";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type UpstashRedisClient, upstash } from "../../src/connectors/upstash.ts";
import { Recorder } from "../../src/testing.ts";
import { useUpstash } from "../support/upstash-bed.ts";
import { until } from "../support/wait.ts";
import { asItsClient, suiteOf } from "./clauses.ts";
import { broker, runner } from "./upstash-harness.ts";

// The runtime's own pool has idle connections, with timers of its own: they would look like ours.
const bed = useUpstash({ keepAlive: false });
beforeEach(() => bed.gateway.faultless());
afterEach(() => {
	vi.unstubAllEnvs();
	vi.unstubAllGlobals();
});

const where = () => ({ url: bed.gateway.url, token: bed.gateway.token });
const env = () => ({
	UPSTASH_REDIS_REST_URL: bed.gateway.url,
	UPSTASH_REDIS_REST_TOKEN: bed.gateway.token,
});
function stubEnvironment(prefix: string): void {
	vi.stubEnv(`${prefix}_URL`, bed.gateway.url);
	vi.stubEnv(`${prefix}_TOKEN`, bed.gateway.token);
}

/** The part of a client that makes its requests. */
const httpOf = (client: object): { headers: Record<string, unknown>; options: object } =>
	Reflect.get(client, "client");
const seenOf = (path: RegExp) => bed.gateway.requests.filter((request) => path.test(request.path));
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
			wipe: async () => void (await bed.server.command("FLUSHALL")),
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
			() => bed.gateway,
			() => bed.server,
		),
		lacks: {},
	},
	runner(() => bed.gateway),
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
		["the version before", () => new Previous(where())],
		[
			"the version before, fromEnv",
			() => {
				stubEnvironment("UPSTASH_REDIS_REST");
				return Previous.fromEnv();
			},
		],
		["the version before, of /cloudflare", () => PreviousOnCloudflare.fromEnv(env())],
		["the version before, of /fastly", () => new PreviousOnFastly({ ...where(), backend: "db" })],
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

		const requests = bed.gateway.requests.length;
		bed.gateway.fault({ status: "reset", to: "command", afterwards: true, times: 1 });
		const failed = connector.publish(channel, '{"text":"once"}');
		await expect(failed).rejects.toMatchObject({ code: "unavailable" });
		expect(bed.gateway.requests.length - requests).toBe(1);
		await connector.close();

		const { headers } = bed.gateway.requests.at(-1) ?? {};
		expect(telemetryOf(headers ?? {})).toEqual(telemetryOf(httpOf(client).headers));
		expect(JSON.stringify(httpOf(client))).toBe(before);
	});
});

describe("its requests", () => {
	test("are made with the options that the library passes to fetch", async () => {
		const calls: RequestInit[] = [];
		const { fetch } = globalThis;
		vi.stubGlobal("fetch", (url: string, init: RequestInit) => {
			calls.push(init);
			return fetch(url, init);
		});
		const agent = new Agent();
		for (const client of [
			new Redis({ ...where(), agent, keepAlive: false }),
			new OnFastly({ ...where(), backend: "db" }),
			new Previous({ ...where(), agent, cache: "default" }),
		]) {
			calls.length = 0;
			await client.ping();
			await upstash(client).check?.();
			const [theirs = {}, ours = {}] = calls;
			for (const option of ["agent", "backend", "cache"]) {
				expect(Reflect.get(ours, option)).toBe(Reflect.get(theirs, option));
			}
			// `true` is fetch's default.
			expect(Reflect.get(ours, "keepalive") ?? true).toBe(Reflect.get(theirs, "keepalive"));
			const names = (init: RequestInit) =>
				[...new Headers(init.headers)].filter(([name]) => name !== "accept");
			expect(names(ours)).toEqual(
				names(theirs).filter(([name, value]) => name !== "upstash-sync-token" || value !== ""),
			);
		}
	});

	test("carry the headers of the client, also those set later: telemetry, another token", async () => {
		const client = new Redis(where());
		const connector = upstash(client);
		const { headers } = httpOf(client);
		headers["x-tenant"] = "blue";
		headers["Upstash-Telemetry-Sdk"] = `${headers["Upstash-Telemetry-Sdk"]},@upstash/ratelimit`;
		await connector.publish("channel", "x");
		expect(bed.gateway.requests.at(-1)?.headers).toMatchObject({
			"x-tenant": "blue",
			"upstash-telemetry-sdk": expect.stringMatching(/^@upstash\/redis@.*,@upstash\/ratelimit$/),
		});
		await connector.subscribe("channel", new Recorder());
		expect(bed.gateway.requests.at(-1)?.headers["x-tenant"]).toBe("blue");
		headers.authorization = "Bearer of-yesterday";
		await expect(connector.publish("channel", "x")).rejects.toMatchObject({ code: "refused" });
		await connector.close();
	});

	test("ask for base64 as the client does, and for text in streams", async () => {
		const connector = upstash(new Redis(where()));
		await connector.publish("channel", "x");
		expect(bed.gateway.requests.at(-1)?.headers["upstash-encoding"]).toBe("base64");
		await connector.subscribe("channel", new Recorder());
		expect(seenOf(/^\/subscribe/).at(-1)?.headers["upstash-encoding"]).toBeUndefined();
		await connector.close();
		await upstash(new Redis({ ...where(), responseEncoding: false })).publish("channel", "x");
		expect(bed.gateway.requests.at(-1)?.headers["upstash-encoding"]).toBeUndefined();
	});

	test("carry the sync token of the client's last answer", async () => {
		const client = new Redis(where());
		const connector = upstash(client);
		client.readYourWritesSyncToken = "redis=7;";
		await connector.publish("channel", "x");
		expect(bed.gateway.requests.at(-1)?.headers["upstash-sync-token"]).toBe("redis=7;");
		expect(client.readYourWritesSyncToken).toBe("redis=7;");
		const without = new Redis({ ...where(), readYourWrites: false });
		without.readYourWritesSyncToken = "redis=7;";
		await upstash(without).publish("channel", "x");
		expect(bed.gateway.requests.at(-1)?.headers["upstash-sync-token"]).toBeUndefined();
	});

	test("end with the client's signal; a subscription does not", async () => {
		const controller = new AbortController();
		const connector = upstash(new Redis({ ...where(), signal: () => controller.signal }));
		const recorder = new Recorder();
		await connector.subscribe("channel", recorder);
		bed.gateway.pause();
		const seen = bed.gateway.requests.length;
		const publishing = connector.publish("channel", "x");
		const ended = expect(publishing).rejects.toMatchObject({
			code: "unavailable",
			message: "The signal of the Upstash client ended the request.",
		});
		await until(() => bed.gateway.requests.length > seen, { what: "the request at the gateway" });
		controller.abort();
		await ended;
		await bed.gateway.resume();
		await bed.server.command("PUBLISH", "channel", "still here");
		await recorder.saw("still here");
		expect(recorder.events).toEqual([]);
		await connector.close();
	});

	test("fail without the secrets of the client's headers in the error", async () => {
		const client = new Redis(where());
		const connector = upstash(client);
		httpOf(client).headers["x-proxy-key"] = "key-of-the-proxy";
		bed.gateway.fault({
			status: 403,
			error: "no: key-of-the-proxy, gateway-secret-token",
			times: 1,
		});
		await expect(connector.publish("channel", "x")).rejects.toThrow(
			/^Upstash answered 403: no: …, …$/,
		);
		httpOf(client).headers["x-proxy-key"] = "torn\nsecret";
		const error = await connector.publish("channel", "x").catch((reason: unknown) => reason);
		expect(`${error} ${(error as Error).cause}`).toContain('client.headers["x-proxy-key"]');
		expect(`${error} ${(error as Error).cause}`).not.toContain("secret");
	});
});
