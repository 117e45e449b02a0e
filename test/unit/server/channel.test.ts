import { Hono } from "hono";
import { expect, onTestFinished, test, vi } from "vitest";
import { memory } from "../../../src/connectors/memory.ts";
import type { History } from "../../../src/core/connector.ts";
import { ServerSentEvents } from "../../../src/core/sse.ts";
import { describeChannel, forgetChannel } from "../../../src/server/channel.ts";

function scene() {
	const connector = memory({ history: {} });
	const read = vi.spyOn(connector.history as History, "read");
	const sse = new ServerSentEvents({ connector });
	onTestFinished(() => sse.close());
	const app = new Hono()
		.get("/channel", (c) => describeChannel(c, sse))
		.delete("/channel", (c) => forgetChannel(c, sse));
	const kept = async () => {
		const answer = (await (await app.request("/channel?name=a")).json()) as { kept: number };
		return answer.kept;
	};
	return { app, sse, read, kept };
}

test("`kept` is counted without reading all messages at once", async () => {
	const { sse, read, kept } = scene();
	const data = "x".repeat(100_000);
	for (let n = 0; n < 60; n++) await sse.publish(data, { channel: "a" });
	expect(await kept()).toBe(60);
	for (const { value } of read.mock.settledResults) {
		expect(JSON.stringify(value).length).toBeLessThan(2_000_000);
	}
});

test("small messages are counted in few reads, up to 500", async () => {
	const { sse, read, kept } = scene();
	for (let n = 0; n < 600; n++) await sse.publish(n, { channel: "a" });
	expect(await kept()).toBe(500);
	expect(read.mock.calls.length).toBeLessThanOrEqual(3);
});

test("history() asks the store for no more than its limit", async () => {
	const { sse, read } = scene();
	for (let n = 0; n < 100; n++) await sse.publish(n, { channel: "a" });
	const { messages } = await sse.history("a", { after: "0", limit: 20 });
	expect(messages).toHaveLength(20);
	expect(read.mock.calls).toEqual([["a", "0-0", 20]]);
});

test.each(["GET", "DELETE"])(
	"%s without a name is a 400 that names the parameter",
	async (method) => {
		const answer = await scene().app.request("/channel?channel=a", { method });
		expect(answer.status).toBe(400);
		expect(await answer.json()).toEqual({ error: "name: must be the name of a channel." });
	},
);
