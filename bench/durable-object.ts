/**
 * Measures how many clients one Durable Object carries, on workerd on this machine. Each size takes about a minute:
 *
 *     npx node bench/durable-object.ts [clients …]     # default: 1000 5000 10000
 *
 * HOLD=worker lets the Worker hold the streams; CHANNELS=2 gives every client a stream of two channels;
 * INTERVAL=3000 is the time between two messages, in ms. A client takes two descriptors of workerd's (`ulimit -n`).
 *
 * Here Worker, object and sockets share one thread. workerd's own HTTP listener takes more for each client the more
 * there are: three quarters of the CPU with 9,000. At Cloudflare the object does not do that part.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { freePort } from "../test/support/ports.ts";
import { startWorker, type Worker } from "../test/support/worker.ts";
import { heapBytes, usage } from "./durable-object/process.ts";

const sizes = process.argv.slice(2).map(Number);
const channels = Array.from({ length: Number(process.env.CHANNELS ?? 1) }, (_, i) => `c${i}`);
const interval = Number(process.env.INTERVAL ?? 1_000);
const perProcess = 5_000;
const messages = 15;
/** How long the silence is measured, in ms: longer than a keep-alive of 8 s. */
const idleTime = 16_000;

const rows = [];
for (const clients of sizes.length === 0 ? [1_000, 5_000, 10_000] : sizes) {
	rows.push(await measure(clients));
}
console.table(rows);

async function measure(clients: number) {
	const inspector = `127.0.0.1:${await freePort()}`;
	const worker = await startWorker({
		entry: "bench/durable-object/worker.ts",
		objects: { SSE: "SseChannel" },
		env: { HOLD: process.env.HOLD ?? "object" },
		args: [`--inspector-addr=${inspector}`],
	});
	const crowd: ChildProcess[] = [];
	try {
		await publish(worker, 0);
		const heapBefore = await heapBytes(inspector);
		const before = usage(worker.pid);
		const connecting = performance.now();
		const opened = await connectCrowd(crowd, worker, clients);
		const connected = performance.now() - connecting;

		const idleFrom = usage(worker.pid);
		await delay(idleTime);
		const idle = usage(worker.pid);
		const heap = await heapBytes(inspector);

		const activeFrom = usage(worker.pid);
		const started = performance.now();
		const sent = new Map<number, number>();
		for (let number = 1; number <= messages; number++) {
			sent.set(number, performance.timeOrigin + performance.now());
			await publish(worker, number);
			await delay(Math.max(0, started + number * interval - performance.now()));
		}
		await allArrived(crowd, clients);
		const active = usage(worker.pid);

		const { delays, delivered, broken } = await report(crowd, sent, clients);
		const deliveries = clients * messages;
		return {
			clients,
			"connected, s": round(connected / 1_000),
			"open files": idle.descriptors,
			"kB/client": round((idle.bytes - before.bytes) / clients / 1_000),
			"heap kB/client": round((heap - heapBefore) / clients / 1_000),
			"idle CPU %": round(((idle.cpuSeconds - idleFrom.cpuSeconds) / idleTime) * 100_000),
			"CPU µs/delivery": round(((active.cpuSeconds - activeFrom.cpuSeconds) * 1e6) / deliveries),
			"median to all, ms": round(delays[delays.length >> 1] ?? Number.NaN),
			"worst to all, ms": round(delays.at(-1) ?? Number.NaN),
			lost: deliveries - delivered,
			broken: broken + clients - opened,
		};
	} finally {
		for (const child of crowd) child.kill("SIGKILL");
		await worker.kill();
	}
}

async function connectCrowd(
	crowd: ChildProcess[],
	worker: Worker,
	clients: number,
): Promise<number> {
	const script = fileURLToPath(new URL("durable-object/clients.ts", import.meta.url));
	const query = new URLSearchParams(channels.map((channel) => ["channel", channel]));
	let opened = 0;
	for (let begun = 0; begun < clients; begun += perProcess) {
		const child = fork(script, [new URL(worker.url).port, `/stream?${query}`]);
		crowd.push(child);
		child.send({ connect: Math.min(perProcess, clients - begun) });
		const [answer] = (await once(child, "message")) as [{ opened: number }];
		opened += answer.opened;
	}
	return opened;
}

async function publish(worker: Worker, number: number): Promise<void> {
	const [channel] = channels;
	const response = await fetch(`${worker.url}/?channel=${channel}`, {
		method: "POST",
		body: `${number} ${"x".repeat(100)}`,
	});
	if (!response.ok) throw new Error(`publish: ${response.status}`);
	await response.arrayBuffer();
}

/** Waits until every client has the last message, or for as long as it could take. */
async function allArrived(crowd: readonly ChildProcess[], clients: number): Promise<void> {
	const giveUp = performance.now() + 30_000;
	while (performance.now() < giveUp) {
		const { delivered } = await report(crowd, new Map([[messages, 0]]), clients);
		if (delivered === clients) return;
		await delay(250);
	}
}

interface Report {
	arrivals: [number: number, arrival: { count: number; last: number }][];
	broken: number;
}

/** How long each message took to the last client, sorted, and the number of all deliveries. */
async function report(
	crowd: readonly ChildProcess[],
	sent: ReadonlyMap<number, number>,
	clients: number,
): Promise<{ delays: number[]; delivered: number; broken: number }> {
	const reports = await Promise.all(
		crowd.map(async (child) => {
			child.send({ report: true });
			const [answer] = (await once(child, "message")) as [Report];
			return answer;
		}),
	);
	const delays: number[] = [];
	let delivered = 0;
	for (const [number, at] of sent) {
		const arrivals = reports.map((each) => new Map(each.arrivals).get(number));
		const count = arrivals.reduce((sum, arrival) => sum + (arrival?.count ?? 0), 0);
		delivered += count;
		const complete = count === clients;
		delays.push(
			complete ? Math.max(...arrivals.map((arrival) => arrival?.last ?? 0)) - at : Infinity,
		);
	}
	const broken = reports.reduce((sum, each) => sum + each.broken, 0);
	return { delays: delays.toSorted((a, b) => a - b), delivered, broken };
}

function round(value: number): number {
	return Number(value.toPrecision(3));
}
