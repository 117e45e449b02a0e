import { describe, expect, test, vi } from "vitest";
import { type RedisOptions, redis } from "../../src/connectors/redis.ts";
import { ConfigurationError, ConnectorError } from "../../src/core/errors.ts";
import { connectorFromEnvironment, historyFromEnvironment } from "../../src/environment.ts";

/** The variables are passed as a Worker's bindings, so that no test changes those of this process. */

const url = "https://hunter2.upstash.io";

describe("connectorFromEnvironment()", () => {
	test.each([
		[{}, undefined],
		[{ SSE_REDIS_URL: "redis://127.0.0.1" }, "redis"],
		[{ REDIS_URL: "rediss://127.0.0.1", UPSTASH_REDIS_REST_URL: url }, "redis"],
		[{ REDIS_URL: url, UPSTASH_REDIS_REST_TOKEN: "x" }, "upstash"],
		[{ UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: "x" }, "upstash"],
		[{ KV_REST_API_URL: url, KV_REST_API_TOKEN: "x" }, "upstash"],
	])("%j: the connector is %s", (bindings, name) => {
		expect(connectorFromEnvironment(redis, bindings)?.name).toBe(name);
	});

	test.each([
		["SSE_REDIS_URL", { SSE_REDIS_URL: "http://hunter2" }],
		["SSE_REDIS_URL", { SSE_REDIS_URL: "redis://u:hunter2@:x" }],
		["REDIS_URL", { REDIS_URL: "redis://127.0.0.1/hunter2" }],
		["REDIS_URL", { REDIS_URL: url }],
		["UPSTASH_REDIS_REST_URL", { UPSTASH_REDIS_REST_URL: url }],
		["UPSTASH_REDIS_REST_TOKEN", { UPSTASH_REDIS_REST_TOKEN: "hunter2" }],
		["KV_REST_API_URL", { KV_REST_API_URL: url }],
		["KV_REST_API_TOKEN", { KV_REST_API_TOKEN: "hunter2" }],
		["KV_REST_API_URL", { KV_REST_API_URL: "hunter2", KV_REST_API_TOKEN: "x" }],
		...["0", "-1", "3s", "1000000000"].map((text): [string, Record<string, string>] => [
			"SSE_BROKER_TIMEOUT",
			{ SSE_REDIS_URL: "redis://127.0.0.1", SSE_BROKER_TIMEOUT: text },
		]),
	])("%s alone or wrong: the error names it and shows no value", (name, bindings) => {
		const make = () => connectorFromEnvironment(redis, bindings);
		expect(make).toThrow(ConfigurationError);
		expect(make).toThrow(new RegExp(`^${name}\\b`));
		expect(make).not.toThrow("hunter2");
	});
});

test.each([
	{ SSE_REDIS_URL: "redis://127.0.0.1:1" },
	{ UPSTASH_REDIS_REST_URL: "http://127.0.0.1:1", UPSTASH_REDIS_REST_TOKEN: "x" },
])("SSE_BROKER_TIMEOUT sets the connector's timeout: %j", async (broker) => {
	const given = vi.fn((target: string, options: RedisOptions) => redis(target, options));
	const bindings = { ...broker, SSE_BROKER_TIMEOUT: "77" };
	const connector = connectorFromEnvironment(given, bindings);
	const wait = vi.spyOn(globalThis, "setTimeout");
	await expect(connector?.publish("channel", "x")).rejects.toThrow(ConnectorError);
	expect(wait.mock.calls.map(([, ms]) => ms)).toContain(77);
	wait.mockRestore();
	await connector?.close();
});

describe("historyFromEnvironment()", () => {
	test.each([
		[{}, undefined],
		[{ SSE_HISTORY_LENGTH: "0" }, undefined],
		[{ SSE_HISTORY_SECONDS: "0", SSE_HISTORY_LENGTH: "0" }, undefined],
		[{ SSE_HISTORY_LENGTH: "5" }, { maxLength: 5 }],
		[
			{ SSE_HISTORY_SECONDS: "60", SSE_HISTORY_LENGTH: "5" },
			{ maxLength: 5, maxAge: 60_000 },
		],
	])("%j: the history is %j", (bindings, history) => {
		expect(historyFromEnvironment(bindings)).toEqual(history);
	});

	test.each([
		["SSE_HISTORY_LENGTH", { SSE_HISTORY_LENGTH: "0", SSE_HISTORY_SECONDS: "60" }],
		["SSE_HISTORY_SECONDS", { SSE_HISTORY_LENGTH: "5", SSE_HISTORY_SECONDS: "0" }],
		["SSE_HISTORY_LENGTH", { SSE_HISTORY_LENGTH: "-1" }],
		["SSE_HISTORY_SECONDS", { SSE_HISTORY_SECONDS: "1h" }],
	])("%s: the error names it", (name, bindings) => {
		expect(() => historyFromEnvironment(bindings)).toThrow(ConfigurationError);
		expect(() => historyFromEnvironment(bindings)).toThrow(new RegExp(`^${name}\\b`));
	});
});
