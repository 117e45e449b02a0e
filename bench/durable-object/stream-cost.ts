/**
 * Measures what a stream that the Worker holds costs workerd: the difference between few and many streams:
 *
 *     npx node bench/durable-object/stream-cost.ts
 *
 * HOLD=object measures streams that the object holds. The CPU time is that of all of workerd, with its HTTP listener and
 * the object. A platform that counts only the Worker's code counts less.
 */
import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { startWorker } from "../../test/support/worker.ts";
import { usage } from "./process.ts";

const few = 20;
const many = 220;
const silence = 20_000;
const keepAlive = 1_000;

const worker = await startWorker({
	entry: "bench/durable-object/worker.ts",
	objects: { SSE: "SseChannel" },
	env: { HOLD: process.env.HOLD ?? "worker", KEEP_ALIVE: String(keepAlive) },
});
const { port } = new URL(worker.url);
const sockets: Socket[] = [];
let received = 0;
try {
	const small = await costs(few);
	const large = await costs(many);
	const per = (name: keyof typeof small) => (large[name] - small[name]) / (many - few);
	const silent = (per("silent") * 1e6) / (silence / keepAlive);
	const event = per("events") * 1e6;
	const byte = ((per("bytes") * 1e6) / 1e6 - event / 1e6) * 1e3;
	console.log(`A keep-alive and its four ticks: ${silent.toFixed(0)} µs`);
	console.log(`An event of 100 bytes: ${event.toFixed(0)} µs`);
	console.log(`A byte of a big event: ${byte.toFixed(2)} ns`);
} finally {
	for (const socket of sockets) socket.destroy();
	await worker.kill();
}

/** The CPU time of all streams, in seconds: for a silence, for one small event, and for an event of a megabyte. */
async function costs(streams: number) {
	while (sockets.length < streams) {
		const socket = connect(Number(port), "127.0.0.1", () =>
			socket.write("GET /?channel=c HTTP/1.1\r\nhost: localhost\r\n\r\n"),
		);
		sockets.push(socket.on("data", (data) => (received += data.length)));
		await delay(10);
	}
	await delay(2_000);
	const silent = await cpu(() => delay(silence));
	const events = await cpu(() => published(200, 100));
	const bytes = await cpu(() => published(10, 100_000));
	return { silent, events: events / 200, bytes: bytes / 10 / 0.1 };
}

async function cpu(work: () => Promise<unknown>): Promise<number> {
	const before = usage(worker.pid).cpuSeconds;
	await work();
	return usage(worker.pid).cpuSeconds - before;
}

async function published(count: number, size: number): Promise<void> {
	const expected = received + sockets.length * count * size;
	for (let n = 0; n < count; n++) {
		const body = "x".repeat(size);
		await (await fetch(`${worker.url}/?channel=c`, { method: "POST", body })).arrayBuffer();
	}
	while (received < expected) await delay(20);
}
