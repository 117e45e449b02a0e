import { expect, onTestFinished, test, vi } from "vitest";
import { createHub } from "../../../src/server/create.ts";
import { readSettings } from "../../../src/server/settings.ts";
import { WebhookDelivery } from "../../../src/server/webhook/delivery.ts";
import { Webhooks } from "../../../src/server/webhook/events.ts";
import { WebhookReceiver } from "../../support/webhook-receiver.ts";

const url = "https://hook.example/hunter2";
const whsec = (bytes: number) => `whsec_${Buffer.alloc(bytes, 7).toString("base64")}`;

test.each([
	[{ SSE_WEBHOOK_URL: url }, "SSE_WEBHOOK_URL needs SSE_WEBHOOK_SECRET"],
	[{ SSE_WEBHOOK_SECRET: whsec(32) }, "SSE_WEBHOOK_SECRET needs SSE_WEBHOOK_URL"],
	...["hook.example", "ftp://hook.example", "https://u:hunter2@hook.example"].map(
		(bad): [Record<string, string>, string] => [
			{ SSE_WEBHOOK_URL: bad, SSE_WEBHOOK_SECRET: whsec(32) },
			"SSE_WEBHOOK_URL must be",
		],
	),
	...["hunter2", "whsec_", "whsec_hunter2", whsec(23), whsec(65), `${whsec(32)}=`].map(
		(bad): [Record<string, string>, string] => [
			{ SSE_WEBHOOK_URL: url, SSE_WEBHOOK_SECRET: bad },
			"SSE_WEBHOOK_SECRET must be whsec_",
		],
	),
])("%j is refused by name, and no value is shown", (environment, text) => {
	const read = () => readSettings(environment);
	expect(read).toThrow(text);
	expect(read).not.toThrow("hunter2");
	expect(() => createHub(environment)).toThrow(text);
});

test.each([24, 64])("a secret of %i bytes is accepted", (bytes) => {
	const { webhook } = readSettings({ SSE_WEBHOOK_URL: url, SSE_WEBHOOK_SECRET: whsec(bytes) });
	expect(webhook?.key).toEqual(new Uint8Array(bytes).fill(7));
});

test("a receiver that hangs gets a bounded number of requests, and the queue is bounded", async () => {
	const hook = await new WebhookReceiver().start();
	onTestFinished(() => hook.stop());
	hook.answer = () => "hang";
	const logged = vi.spyOn(console, "error").mockReturnValue();
	onTestFinished(() => logged.mockRestore());
	const lines = () => logged.mock.calls.map(([line]) => JSON.parse(String(line)));
	const { webhook } = readSettings({ SSE_WEBHOOK_URL: hook.url, SSE_WEBHOOK_SECRET: hook.secret });
	if (webhook === undefined) throw new Error("There are no settings.");
	const delivery = new WebhookDelivery(webhook);
	const channel = "x".repeat(1_048_576);
	for (let n = 0; n < 20; n++) delivery.send("channel.occupied", { channel });
	await vi.waitFor(() => expect(hook.received).toHaveLength(8), { timeout: 20_000 });
	const texts = lines().map(({ message }) => message);
	expect(texts[0]).toBe("A webhook was dropped: too many wait for the receiver.");
	await delivery.close(10);
	// Eight requests are under way, and three wait. Five lines a second are written, and then a count of those
	// left out.
	const isTold = ({ message, leftOut }: { message: string; leftOut?: number }) =>
		message.startsWith("The process stops: 11 web") || (leftOut ?? 0) > 0;
	await vi.waitFor(() => expect(lines().some(isTold)).toBe(true), { timeout: 20_000 });
	expect(new Set(hook.received.map(({ id }) => id)).size).toBe(8);
	expect(hook.forged).toEqual([]);
});

test("a reload sends no channel.vacated, and a channel that stays without a stream sends one", async () => {
	const sent = vi.spyOn(WebhookDelivery.prototype, "send").mockReturnValue();
	vi.useFakeTimers();
	onTestFinished(() => {
		vi.useRealTimers();
		sent.mockRestore();
	});
	const hooks = new Webhooks({ url, key: new Uint8Array(32) });
	const types = () => sent.mock.calls.splice(0).map(([type]) => type);
	const visit = () => {
		const stream = { channels: ["a"] };
		hooks.onConnect(stream, new Request("http://localhost/"));
		return () => hooks.onDisconnect(stream, { reason: "left", duration: 1 });
	};
	const leave = visit();
	expect(types()).toEqual(["stream.connected", "channel.occupied"]);
	leave();
	vi.advanceTimersByTime(2_000);
	const leaveAgain = visit();
	vi.advanceTimersByTime(10_000);
	expect(types()).toEqual(["stream.disconnected", "stream.connected"]);
	leaveAgain();
	vi.advanceTimersByTime(10_000);
	expect(types()).toEqual(["stream.disconnected", "channel.vacated"]);
	visit()();
	await hooks.close();
	expect(types()).toEqual([
		...["stream.connected", "channel.occupied", "stream.disconnected", "channel.vacated"],
	]);
	expect(vi.getTimerCount()).toBe(0);
});
