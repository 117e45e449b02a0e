import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { redis } from "../../src/connectors/redis.ts";
import type { HistoryOptions } from "../../src/core/connector.ts";
import { Recorder } from "../../src/testing.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { until } from "../support/wait.ts";
import { connectionForEachUse, suiteOf } from "./clauses.ts";
import { broker, harness, history, options, password } from "./redis-harness.ts";

let server: RedisServer;

beforeAll(async () => {
	server = await startRedis({ password });
});

afterAll(() => server.stop());

suiteOf(connectionForEachUse)("redis, a connection for each use, as on Cloudflare Workers", {
	...harness(() => server),
	broker: broker(() => server),
	connect: () => onWorkers(),
	// Each publish dials, and the race would measure that.
	history: { ...history(() => server, onWorkers), raced: 1_000 },
	lacks: { borrow: "redis-clients.test.ts hands clients in" },
});

test("every subscription has a connection of its own, which ends with it", async () => {
	const connector = onWorkers();
	expect(connector.scope).toBe("request");
	const recorders = [new Recorder(), new Recorder(), new Recorder()];
	const subscriptions = await Promise.all(
		recorders.map((recorder) => connector.subscribe("room", recorder)),
	);
	expect(await server.clients()).toBe(3);
	expect(await connector.publish("room", "hello")).toEqual({ receivers: 3 });
	for (const recorder of recorders) await recorder.saw("hello");
	for (const left of [2, 1, 0]) {
		await subscriptions[left]?.unsubscribe();
		await until(async () => (await server.clients()) === left, { what: `${left} connections` });
	}
	for (const recorder of recorders) expect(recorder.events).toEqual([]);
	await connector.close();
});

test("other hosts share connections in the process", () => {
	expect(redis(server.url).scope).toBe("process");
});

function onWorkers(history?: HistoryOptions) {
	vi.stubGlobal("navigator", { userAgent: "Cloudflare-Workers" });
	try {
		return redis(server.url, { ...options, history });
	} finally {
		vi.unstubAllGlobals();
	}
}
