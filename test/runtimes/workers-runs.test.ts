import { request } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { call, json } from "../support/hub-client.ts";
import { type RedisServer, startRedis } from "../support/redis-server.ts";
import { type TcpProxy, tcpProxy } from "../support/tcp-proxy.ts";
import { until } from "../support/wait.ts";
import { startWorker, type Worker } from "../support/worker.ts";

// What is different on Workers: a request that ends takes its work along.

let redis: RedisServer;
let proxy: TcpProxy;
let worker: Worker;
beforeAll(async () => {
	redis = await startRedis();
	proxy = await tcpProxy(redis);
	worker = await startWorker({
		entry: "test/runtimes/fixtures/runs-worker.ts",
		objects: { SSE: "SseChannel" },
		env: { RUNS_REDIS_URL: `redis://127.0.0.1:${proxy.port}`, RUNS_AT_A_TIME: "1" },
	});
});
afterAll(async () => {
	await worker.kill();
	await proxy.close();
	await redis.stop();
});

async function ask<T>(path: string): Promise<T> {
	return json<T>(await call(`${worker.url}${path}`, { method: "POST" }));
}

test("a step whose request was left does not hold up the next one", async () => {
	const id = crypto.randomUUID();
	const { lease } = await ask<{ lease: string }>(`/redis/start-steps?id=${id}`);
	const append = (chunk: string) => `/redis/append?id=${id}&lease=${lease}&chunk=${chunk}`;
	proxy.mute(true);
	await until(() => proxy.connections === 0, { what: "nothing from before" });
	const left = request(`${worker.url}${append("one")}`, { method: "POST", agent: false });
	left.on("error", () => undefined).end();
	await until(() => proxy.connections > 0, { what: "its connection to Redis" });
	left.socket?.resetAndDestroy();
	await until(() => proxy.connections === 0, { what: "its end" });
	proxy.mute(false);
	expect(await ask(append("two"))).toEqual({});
});

test("producers whose requests have ended are not counted for ever", async () => {
	const start = () =>
		ask<{ role: string }>(
			`/embedded/start?id=${crypto.randomUUID()}&words=1&ends=false&waits=false`,
		);
	for (let n = 0; n < 3; n++) expect(await start()).toEqual({ role: "producer" });
});
