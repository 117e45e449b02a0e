/** Measures the inputs of the model, with few clients. */

import { once } from "node:events";
import { connect } from "node:net";
import { until } from "../../test/support/wait.ts";
import { usageOf } from "../harness/accounting.ts";
import { cpuDuring, inBed, median, rounded } from "./bed.ts";
import { outage } from "./outage.ts";
import { redisCosts } from "./redis.ts";

type Figures = Record<string, number>;

/** Each figure is the median of this many rounds. */
const rounds = 3;

export const fewClients = 500;
const fewChannels = 100;
const moreChannels = 700;
/** How many streams a new process opens until most of its code is compiled. */
export const coldStreams = 1_000;

export const inputs: Record<string, (load: string) => Promise<Figures>> = {
	deliveries: (load) =>
		middle(async () => {
			const { us, bytes } = await fanout(load, fewClients);
			return { deliveryUs: us, deliveryBytes: bytes };
		}),
	connects: (load) => middle(() => connects(load)),
	memory: (load) =>
		middle(async () => {
			const shared = await kilobytes(load, 1);
			const own = await kilobytes(load, 8_000);
			return { channelKilobytes: own - shared };
		}),
	redis: (load) => middle(() => redisCosts(load)),
	restorations: (load) =>
		middle(async () => {
			const unkept = await perChannel(load, false);
			return { resubscribeUs: unkept, restoreUs: (await perChannel(load, true)) - unkept };
		}),
};

/** The CPU time of a hub for each restored channel: a difference, because the reconnect itself costs something, too. */
export async function perChannel(load: string, kept: boolean): Promise<number> {
	const few = await outage(load, fewChannels, kept);
	const more = await outage(load, moreChannels, kept);
	return (more.hubUs - few.hubUs) / (moreChannels - fewChannels);
}

async function middle(measure: () => Promise<Figures>): Promise<Figures> {
	const found: Figures[] = [];
	for (let n = 0; n < rounds; n++) found.push(await measure());
	const names = Object.keys(found[0] ?? {});
	const of = (name: string) => rounded(median(found.map((each) => each[name] ?? 0)));
	return Object.fromEntries(names.map((name) => [name, of(name)]));
}

/** The CPU time and the bytes of a delivery of 200 bytes, with one message at a time. */
export async function fanout(
	load: string,
	clients: number,
): Promise<{ us: number; bytes: number }> {
	return inBed(load, async ({ hub, clients: open }) => {
		const server = await hub();
		const crowd = await open(server, clients);
		await crowd.command("window 4 50 1000000 0.5");
		let report = await crowd.command("idle 0.1");
		const spent = await cpuDuring(server.pid, async () => {
			report = await crowd.command(`window 4 ${Math.ceil(150_000 / clients)} 1000000 2`);
		});
		return { us: spent / report.deliveries, bytes: report.bytes / report.deliveries };
	});
}

/** The CPU time to open a stream: one of the first thousand of a new process, one of the third, and a connection alone. */
async function connects(load: string): Promise<Figures> {
	return inBed(load, async ({ hub, clients }) => {
		const server = await hub();
		const count = coldStreams;
		const crowd = await clients(server, 0);
		const open = async () =>
			(await cpuDuring(server.pid, () => crowd.command(`open ${count} 64`))) / count;
		const coldConnectUs = await open();
		await open();
		const connectUs = await open();
		const acceptUs = (await cpuDuring(server.pid, () => connections(server.port, count))) / count;
		return { coldConnectUs, connectUs, acceptUs };
	});
}

async function connections(port: number, count: number): Promise<void> {
	const sockets = Array.from({ length: count }, () => connect(port, "127.0.0.1"));
	try {
		await Promise.all(sockets.map((socket) => once(socket, "connect")));
		// The kernel has accepted the connections, but the server may not have.
		await until(async () => (await fetch(`http://127.0.0.1:${port}/livez`)).ok, { what: "/livez" });
	} finally {
		for (const socket of sockets) socket.destroy();
	}
}

/** The resident memory for each of the second half of the clients. The first half has the memory that a process needs anyway. */
async function kilobytes(load: string, channels: number): Promise<number> {
	const half = 4_000;
	return inBed(load, async ({ redis, hub, clients }) => {
		const server = await hub({ SSE_REDIS_URL: redis.url });
		const crowd = await clients(server, half, channels);
		const resident = async () => {
			await crowd.command("idle 4");
			return usageOf(server.pid).resident;
		};
		const before = await resident();
		await crowd.command(`open ${half} 64`);
		return ((await resident()) - before) / half / 1_000;
	});
}
