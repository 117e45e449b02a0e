import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { readMessages } from "../../src/testing.ts";
import { call, json } from "../support/hub-client.ts";
import { startWorker, type Worker } from "../support/worker.ts";

let worker: Worker;
beforeAll(async () => {
	worker = await startWorker({
		entry: "test/runtimes/fixtures/hono-objects.ts",
		objects: { SSE: "SseChannel" },
	});
});
afterAll(() => worker.kill());

test("a Hono app streams from and publishes to the Durable Objects of its env", async () => {
	const streams = await Promise.all(
		["rooms", "host"].map(async (path) => readMessages(await fetch(`${worker.url}/${path}/7`))),
	);
	onTestFinished(async () => {
		for (const messages of streams) await messages.close();
	});
	for (const text of ["one", "two"]) {
		const published = await call(`${worker.url}/rooms/7`, { method: "POST", body: text });
		expect(await json(published)).toEqual({ receivers: 1 });
	}
	for (const messages of streams) {
		await messages.nth(2);
		expect(messages.received.map(({ data }) => data)).toEqual(["one", "two"]);
	}
});
