import { request } from "node:http";
import { EventSource } from "eventsource";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { openStream } from "../support/event-stream.ts";
import { until } from "../support/wait.ts";
import { startWorker, type Worker } from "../support/worker.ts";
import { ObjectClient, streamsWorker } from "./fixtures/client.ts";

let worker: Worker;
let objects: ObjectClient;
beforeAll(async () => {
	worker = await startWorker(streamsWorker());
	objects = new ObjectClient(worker);
});
afterAll(() => worker.kill());

let channels = 0;
const fresh = () => `channel ${++channels}`;

describe("a client's stream", () => {
	test("the exported class without settings streams one channel", async () => {
		const plain = new ObjectClient(worker, "Plain");
		const stream = await plain.stream("sse");
		expect(stream.headers.get("content-type")).toBe("text/event-stream");
		expect(await plain.publish("sse", "a\nb")).toEqual({ receivers: 1 });
		expect(await stream.data(1)).toEqual(["a\nb"]);
	});

	test("several channels on one stream: big events of each are whole, and in its order", async () => {
		const names = [fresh(), fresh(), fresh()];
		const stream = await objects.stream(...names);
		const sent = names.map((name) =>
			Array.from({ length: 20 }, (_, i) => `${name} ${i} ${"x👋🏽".repeat(2_000 * i)}`),
		);
		await Promise.all(
			names.map(async (name, i) => {
				for (const data of sent[i] ?? []) await objects.publish(name, data);
			}),
		);
		const received = await stream.data(60);
		for (const [i, name] of names.entries()) {
			const mine = received.filter((data) => data.startsWith(`${name} `));
			expect(mine.map((data) => data.length)).toEqual(sent[i]?.map((data) => data.length));
			expect(mine).toEqual(sent[i]);
		}
	});

	test("each hostile channel name reaches an object of its own", async () => {
		const names = [
			"a/../../get/secret",
			"a,b",
			"a?x=1#f",
			"a&channel=b",
			" a",
			"👋🏽",
			"a".repeat(300),
		];
		const streams = await Promise.all(names.map((name) => objects.stream(name)));
		for (const [i, name] of names.entries()) {
			expect(await objects.publish(name, `for ${i}`)).toEqual({ receivers: 1 });
			await objects.publish(name, "end");
		}
		for (const [i, stream] of streams.entries()) {
			expect(await stream.data(2)).toEqual([`for ${i}`, "end"]);
		}
	});
});

describe("a slow client", () => {
	test.each([1, 2])(
		"of %d channels is disconnected, and other clients miss nothing",
		async (count) => {
			const names = Array.from({ length: count }, fresh);
			const [channel = ""] = names;
			const slow = await objects.socket(...names);
			const other = await objects.stream(channel);
			const before = (await objects.reports()).length;
			slow.pause();
			const event = "x".repeat(200_000);
			// Far more than the sockets of both ends and the pipes between them take.
			for (let i = 0; i < 100; i++) await objects.publish(channel, `${i} ${event}`);
			const received = await other.data(100);
			expect(received.map((data) => Number.parseInt(data, 10))).toEqual([...received.keys()]);
			expect((await objects.reports()).slice(before)).toEqual(["slow_consumer"]);
		},
	);
});

test("a Worker that subscribes and does not read is disconnected too", async () => {
	const channel = fresh();
	const stalled = request(objects.url("stall", channel)).end();
	// It is never answered.
	stalled.on("error", () => undefined);
	onTestFinished(() => void stalled.destroy());
	await objects.holds(channel, 1);
	for (let i = 0; i < 30; i++) await objects.publish(channel, "x".repeat(100_000));
	await objects.holds(channel, 0);
});

describe("an object that ends", () => {
	test("an EventSource comes back to the next one", async () => {
		const channel = fresh();
		const source = new EventSource(objects.url("stream", channel));
		onTestFinished(() => source.close());
		const data: unknown[] = [];
		let opened = 0;
		source.onmessage = (event) => data.push(event.data);
		source.onopen = () => {
			opened++;
		};
		await until(() => opened === 1, { what: "the first open" });
		await objects.holds(channel, 1);
		await objects.publish(channel, "before");
		await until(() => data.length === 1, { what: "the event before" });
		await objects.crash(channel);
		await until(() => opened === 2, { what: "the second open" });
		await objects.holds(channel, 1);
		expect(await objects.publish(channel, "after")).toEqual({ receivers: 1 });
		await until(() => data.length === 2, { what: "the event after" });
		expect(data).toEqual(["before", "after"]);
	});

	test("a stream of several channels stays, and continues with the next one", async () => {
		const names = [fresh(), fresh()];
		const [dying = "", other = ""] = names;
		const stream = await objects.stream(...names);
		await objects.holds(other, 1);
		await objects.crash(dying);
		await objects.holds(dying, 1);
		await objects.publish(other, "from the other");
		expect(await stream.data(1)).toEqual(["from the other"]);
		await objects.publish(dying, "from the next one");
		expect(await stream.data(2)).toEqual(["from the other", "from the next one"]);
	});

	test("messages() in a Worker continues, again and again", async () => {
		const channel = fresh();
		const { data } = await objects.messages(channel);
		for (let round = 1; round <= 5; round++) {
			await objects.holds(channel, 1);
			await objects.publish(channel, `round ${round}`);
			await until(() => data.length === round, { what: `the message of round ${round}` });
			await objects.crash(channel);
		}
		expect(data).toEqual([1, 2, 3, 4, 5].map((round) => `round ${round}`));
	});
});

describe("an object that cannot answer", () => {
	const comeBack = /^:\n\nretry:\d{4}\n\n$/;

	test.each(["fails", "hangs"])(
		"one that %s: the client is told when to come back, and nothing else",
		async (name) => {
			const stream = await openStream(objects.url("stream", name));
			await stream.end();
			expect([stream.status, stream.state]).toEqual([200, "ended"]);
			expect(stream.text).toMatch(comeBack);
		},
	);

	test.each(["fails", "hangs"])(
		"one of several that %s: the streams of the others stay",
		async (name) => {
			const others = [fresh(), fresh()];
			const stream = await openStream(objects.url("stream", ...others, name));
			await stream.end();
			expect(stream.text).toMatch(comeBack);
			for (const other of others) await objects.holds(other, 0);
		},
	);

	test.each(["fails", "hangs"])("messages() of one that %s rejects", async (name) => {
		const { data } = await objects.messages(name);
		await until(() => data.length === 1, { what: "the end of messages()" });
		expect(data).toEqual([{ end: { error: "unavailable" } }]);
	});
});

test("2,000 clients that come and go leave nothing in the object", async () => {
	const channel = fresh();
	for (let i = 0; i < 2_000; i += 40) {
		const crowd = await Promise.all(Array.from({ length: 40 }, () => objects.socket(channel)));
		for (const [j, stream] of crowd.entries())
			if (j % 2 === 0) stream.reset();
			else stream.close();
	}
	// A connection that was closed properly is only noticed by a write.
	await objects.publish(channel, "is anybody there?");
	await objects.holds(channel, 0);
	expect(await objects.publish(channel, "nobody")).toEqual({ receivers: 0 });
});

test("the hub's settings reach the objects of its channels", async () => {
	const hub = await startWorker({
		entry: "src/server/worker.ts",
		objects: { SSE: "SseChannel" },
		env: { SSE_KEEP_ALIVE: "100" },
	});
	onTestFinished(() => hub.kill());
	const stream = await openStream(`${hub.url}/stream`);
	onTestFinished(() => stream.close());
	await stream.when(() => stream.comments.length >= 4, "keep-alives");
});
