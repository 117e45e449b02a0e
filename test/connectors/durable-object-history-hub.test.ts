import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { openSocketStream, openStream } from "../support/event-stream.ts";
import { post, streamUrl } from "../support/hub-client.ts";
import { startWorker, type Worker } from "../support/worker.ts";
import { fresh, payload, publishAll } from "./durable-object-history-kit.ts";
import { Bridge } from "./fixtures/bridge.ts";

/** History of Durable Objects that relay, and of the hub on Workers. */

const expires = Number.POSITIVE_INFINITY;

describe("a relay", () => {
	test("with an upstream that keeps messages: the upstream's history is the channel's", async () => {
		const relay = new Bridge({ binding: "Relay" });
		await relay.start();
		onTestFinished(() => relay.kill());
		const connector = relay.connect({ maxLength: 1_000 });
		const channel = fresh();
		const ids = await publishAll(connector, channel, 1, 2, 3, 4, 5, 6);
		// The upstream's own limits hold.
		const page = await connector.history?.read(channel, ids[2] ?? "", 10);
		expect(page).toMatchObject({ covered: true, more: false });
		expect(page?.messages.map(({ id }) => id)).toEqual(ids.slice(3));
		expect((await connector.history?.read(channel, ids[0] ?? "", 10))?.covered).toBe(false);
		expect(await connector.history?.head(channel)).toBe(ids[5]);
		const resume = { lastEventId: ids[4], recent: 0, expires };
		const reader = (await connector.stream?.([channel], resume))?.getReader();
		onTestFinished(() => reader?.cancel());
		let text = "";
		while (!text.includes(`data:6\nid:${ids[5]}\n\n`)) {
			text += new TextDecoder().decode((await reader?.read())?.value);
		}
		expect(text).not.toContain("data:5");
		expect(await relay.ask({ tables: channel, own: false })).toEqual([]);
	});

	test("with an upstream that keeps none: history is refused, and the error says what to do", async () => {
		const relay = new Bridge({ binding: "Forgetful" });
		await relay.start();
		onTestFinished(() => relay.kill());
		const connector = relay.connect({});
		const channel = fresh();
		const refused = { code: "refused", message: /upstream keeps none/ };
		await expect(connector.publish(channel, payload(1))).rejects.toMatchObject(refused);
		await expect(connector.history?.head(channel)).rejects.toMatchObject(refused);
		const resume = { lastEventId: undefined, recent: 0, expires };
		await expect(connector.stream?.([channel], resume)).rejects.toMatchObject(refused);
		expect(await relay.connect(undefined).publish(channel, payload(1))).toEqual({ receivers: 0 });
	});
});

describe("the hub on Workers", () => {
	let hub: Worker;
	beforeAll(async () => {
		hub = await startWorker({
			entry: "src/server/worker.ts",
			objects: { SSE: "SseChannel" },
			env: {
				SSE_HISTORY_LENGTH: "200",
				HOST: "127.0.0.1",
				SSE_MAX_BUFFERED_BYTES: "65536",
				SSE_PUBLISH_OPEN: "true",
			},
		});
	});
	afterAll(() => hub.kill());

	test("a slow client gets every message once it reads, of one channel and of several", async () => {
		const names = [fresh(), fresh()];
		const [channel = ""] = names;
		const slow = await Promise.all(
			[[channel], names].map((list) => openSocketStream(streamUrl(hub, ...list))),
		);
		for (const each of slow) {
			onTestFinished(() => each.close());
			await each.comment();
			each.pause();
		}
		const event = "x".repeat(200_000);
		// Far more than the sockets of both ends and the pipes between them take.
		for (let n = 0; n < 100; n++) {
			const { status } = await post(hub, { channel, data: `${n} ${event}` });
			expect(status).toBe(200);
		}
		for (const each of slow) {
			each.resume();
			const received = await each.data(100);
			expect(received.map((data) => Number.parseInt(data, 10))).toEqual([...received.keys()]);
			expect(each.state).toBe("open");
		}
	});

	test("a browser that comes back to three channels gets what it missed, by header and by query", async () => {
		const names = [fresh(), fresh(), fresh()];
		const stream = await openStream(streamUrl(hub, ...names));
		onTestFinished(() => stream.close());
		await post(hub, { channel: names[1], data: "1" });
		const { id = "" } = await stream.event();
		stream.close();
		for (const channel of names) await post(hub, { channel, data: `2 ${channel}` });
		for (const [url, headers] of [
			[streamUrl(hub, ...names), { "last-event-id": id }],
			[`${streamUrl(hub, ...names)}&lastEventId=${id}`, {}],
		] as const) {
			const back = await openStream(url, headers);
			onTestFinished(() => back.close());
			expect((await back.data(3)).toSorted()).toEqual(names.map((name) => `2 ${name}`).toSorted());
		}
		const { json } = await post(hub, { channel: names[0], data: "x", id: "42" });
		expect(json.error).toMatch(/id:.*history/);
	});
});
