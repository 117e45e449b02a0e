import { Agent } from "node:https";
import { Redis } from "@upstash/redis";
import { Redis as OnFastly } from "@upstash/redis/fastly";
import { Redis as Previous } from "upstash-redis-previous";
import { afterEach, describe, expect, test, vi } from "vitest";
import { upstash } from "../../src/connectors/upstash.ts";
import { Recorder } from "../../src/testing.ts";
import { until } from "../support/wait.ts";
import { httpOf, useClients } from "./upstash-client-kit.ts";

/** The requests that the connector makes for a client of @upstash/redis. */

const { fixture, where } = useClients();
afterEach(() => vi.unstubAllGlobals());

const seenOf = (path: RegExp) =>
	fixture.gateway.requests.filter((request) => path.test(request.path));

describe("the requests of a client", () => {
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
		expect(fixture.gateway.requests.at(-1)?.headers).toMatchObject({
			"x-tenant": "blue",
			"upstash-telemetry-sdk": expect.stringMatching(/^@upstash\/redis@.*,@upstash\/ratelimit$/),
		});
		await connector.subscribe("channel", new Recorder());
		expect(fixture.gateway.requests.at(-1)?.headers["x-tenant"]).toBe("blue");
		headers.authorization = "Bearer of-yesterday";
		await expect(connector.publish("channel", "x")).rejects.toMatchObject({ code: "refused" });
		await connector.close();
	});

	test("ask for base64 as the client does, and for text in streams", async () => {
		const connector = upstash(new Redis(where()));
		await connector.publish("channel", "x");
		expect(fixture.gateway.requests.at(-1)?.headers["upstash-encoding"]).toBe("base64");
		await connector.subscribe("channel", new Recorder());
		expect(seenOf(/^\/subscribe/).at(-1)?.headers["upstash-encoding"]).toBeUndefined();
		await connector.close();
		await upstash(new Redis({ ...where(), responseEncoding: false })).publish("channel", "x");
		expect(fixture.gateway.requests.at(-1)?.headers["upstash-encoding"]).toBeUndefined();
	});

	test("carry the sync token of the client's last answer", async () => {
		const client = new Redis(where());
		const connector = upstash(client);
		client.readYourWritesSyncToken = "redis=7;";
		await connector.publish("channel", "x");
		expect(fixture.gateway.requests.at(-1)?.headers["upstash-sync-token"]).toBe("redis=7;");
		expect(client.readYourWritesSyncToken).toBe("redis=7;");
		const without = new Redis({ ...where(), readYourWrites: false });
		without.readYourWritesSyncToken = "redis=7;";
		await upstash(without).publish("channel", "x");
		expect(fixture.gateway.requests.at(-1)?.headers["upstash-sync-token"]).toBeUndefined();
	});

	test("end with the client's signal; a subscription does not", async () => {
		const controller = new AbortController();
		const connector = upstash(new Redis({ ...where(), signal: () => controller.signal }));
		const recorder = new Recorder();
		await connector.subscribe("channel", recorder);
		fixture.gateway.pause();
		const seen = fixture.gateway.requests.length;
		const publishing = connector.publish("channel", "x");
		const ended = expect(publishing).rejects.toMatchObject({
			code: "unavailable",
			message: "The signal of the Upstash client ended the request.",
		});
		await until(() => fixture.gateway.requests.length > seen, {
			what: "the request at the gateway",
		});
		controller.abort();
		await ended;
		await fixture.gateway.resume();
		await fixture.server.command("PUBLISH", "channel", "still here");
		await recorder.saw("still here");
		expect(recorder.events).toEqual([]);
		await connector.close();
	});

	test("fail without the secrets of the client's headers in the error", async () => {
		const client = new Redis(where());
		const connector = upstash(client);
		httpOf(client).headers["x-proxy-key"] = "key-of-the-proxy";
		fixture.gateway.fault({
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
