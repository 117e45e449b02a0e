import { Hono } from "hono";
import { expect, onTestFinished, test, vi } from "vitest";
import { memory } from "../../../../src/connectors/memory.ts";
import { ServerSentEvents } from "../../../../src/core/sse.ts";
import { describeChannel } from "../../../../src/server/channel.ts";
import { healthCheck } from "../../../../src/server/health.ts";
import { lenderOf, shareOf } from "../../../../src/server/processes/share.ts";

/** One of several processes, whose parent answers with `ask`. */
function scene(ask: (what: string) => Promise<unknown>) {
	const log = vi.spyOn(console, "error").mockReturnValue();
	const sse = new ServerSentEvents({ connector: memory({ history: {} }) });
	onTestFinished(async () => {
		log.mockRestore();
		await sse.close();
	});
	const peer = { ask: ask as never, tell: () => undefined };
	const begin = { address: undefined, broker: "memory" };
	const { whole } = shareOf(begin, {}, peer, { isClosing: false });
	const app = new Hono()
		.get("/channel", (c) => describeChannel(c, sse, whole))
		.get("/healthz", healthCheck(sse, whole));
	return { app, log, peer };
}

const silent = () => Promise.reject(new Error("Another process did not answer within 5000 ms."));

test.each(["/channel?name=a", "/healthz"])(
	"%s is a 503 while the parent does not answer",
	async (path) => {
		const { app } = scene(silent);
		expect((await app.request(path)).status).toBe(503);
	},
);

test("a client that gets no slot because the parent does not answer is told to reconnect", async () => {
	const { peer, log } = scene(silent);
	expect(await lenderOf(peer, 0).take()).toBe(false);
	expect(log.mock.calls.join()).toContain("places");
});

test("many health checks ask the parent once a second", async () => {
	vi.useFakeTimers();
	onTestFinished(() => void vi.useRealTimers());
	const ask = vi.fn(async () => ({ connections: 7, channels: 2 }));
	const { app } = scene(ask);
	const check = async () => (await app.request("/healthz")).json();
	const seven = { status: "ok", connector: "memory", connections: 7, channels: 2 };
	expect(await Promise.all(Array.from({ length: 50 }, check))).toEqual(Array(50).fill(seven));
	for (let more = 0; more < 50; more++) await check();
	expect(ask).toHaveBeenCalledTimes(1);
	vi.advanceTimersByTime(1_001);
	await check();
	expect(ask).toHaveBeenCalledTimes(2);
});

test("a second request during a slow answer of the parent shares it", async () => {
	vi.useFakeTimers();
	onTestFinished(() => void vi.useRealTimers());
	let answer: (stats: object) => void = () => undefined;
	const ask = vi.fn(() => new Promise((resolve) => (answer = resolve)));
	const { app } = scene(ask);
	const first = app.request("/healthz");
	await vi.advanceTimersByTimeAsync(4_000);
	const second = app.request("/healthz");
	await vi.advanceTimersByTimeAsync(0);
	answer({ connections: 1, channels: 1 });
	expect([(await first).status, (await second).status]).toEqual([200, 200]);
	expect(ask).toHaveBeenCalledTimes(1);
});
