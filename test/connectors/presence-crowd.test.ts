import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, onTestFinished, test } from "vitest";
import { type EventStream, openSocketStream, type SocketStream } from "../support/event-stream.ts";
import { call } from "../support/hub-client.ts";
import { startRedis } from "../support/redis-server.ts";

/** 1,000 members on three real processes, one of which is killed, and so is the broker. */

// Long enough that a machine that is ten times slower keeps its leases.
const ttl = 6_000;
const grace = 500;
const patience = { timeout: 60_000, interval: 200 };

const channels = Array.from({ length: 50 }, (_, n) => `room.${n}`);
const members = Array.from({ length: 20 }, (_, n) => `m${String(n).padStart(2, "0")}`);

async function startProcess(redis: string) {
	const program = new URL("fixtures/presence-server.ts", import.meta.url).pathname;
	const child = spawn(process.execPath, [program], {
		env: { ...process.env, REDIS: redis, TTL: String(ttl), GRACE: String(grace) },
		stdio: ["ignore", "pipe", "inherit"],
	});
	onTestFinished(() => void child.kill("SIGKILL"));
	const [line] = await once(child.stdout, "data");
	const url = String(line).trim();
	const query = new URLSearchParams(channels.map((channel) => ["channel", channel]));
	return {
		kill: () => child.kill("SIGKILL"),
		open: async (channel: string, more: Record<string, string>) => {
			const search = new URLSearchParams({ channel, ...more });
			const stream = await openSocketStream(`${url}/stream?${search}`);
			onTestFinished(() => stream.close());
			await stream.comment();
			return stream;
		},
		/** Of all channels. Undefined: the broker is down. */
		counts: async (): Promise<number[] | undefined> => {
			const { status, body } = await call(`${url}/counts?${query}`);
			return status === 200 ? JSON.parse(body) : undefined;
		},
	};
}

/** What a page was told: which members it knows, and whether one joined or left twice in a row. */
class Page {
	readonly #stream: EventStream;
	readonly left: string[] = [];
	readonly twice: string[] = [];
	readonly #here = new Set<string>();
	#read = 0;

	constructor(stream: EventStream) {
		this.#stream = stream;
	}

	known(): string {
		for (; this.#read < this.#stream.events.length; this.#read++) {
			const { event, data = "" } = this.#stream.events[this.#read] ?? {};
			if (event === "sse.presence") this.#tell(JSON.parse(data));
		}
		return [...this.#here].sort().join();
	}

	#tell(told: { members?: { id: string }[]; joined?: { id: string }[]; left?: string[] }): void {
		if (told.members !== undefined) {
			this.#here.clear();
			for (const { id } of told.members) this.#here.add(id);
		}
		for (const { id } of told.joined ?? []) {
			if (this.#here.has(id)) this.twice.push(`${id} joined`);
			this.#here.add(id);
		}
		for (const id of told.left ?? []) {
			if (!this.#here.delete(id)) this.twice.push(`${id} left`);
			this.left.push(id);
		}
	}
}

/** At most this many at a time: a full backlog would refuse more. */
async function inParts<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
	const queue = [...items];
	const worker = async () => {
		for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
	};
	await Promise.all(Array.from({ length: 25 }, worker));
}

test("1,000 clients, three processes and 50 channels; a process and Redis are killed: each join and leave is told once", async () => {
	const redis = await startRedis();
	onTestFinished(() => redis.stop());
	const processes = await Promise.all([1, 2, 3].map(() => startProcess(redis.url)));
	const [one, two, doomed] = processes;
	if (one === undefined || two === undefined || doomed === undefined) throw new Error("three");
	const survivors = [one, two];

	const pages = new Map<string, Page[]>();
	await inParts(channels, async (channel) => {
		const streams = survivors.map((each) => each.open(channel, { presence: "1" }));
		pages.set(
			channel,
			(await Promise.all(streams)).map((stream) => new Page(stream)),
		);
	});
	const streams = new Map<string, SocketStream>();
	const expected = new Map(channels.map((channel) => [channel, new Set<string>()]));
	const join = async (at: number, channel: string, user: string) => {
		const stream = await processes[at]?.open(channel, { user });
		if (stream !== undefined) streams.set(`${channel} ${user}`, stream);
		expected.get(channel)?.add(user);
	};
	const leave = (channel: string, user: string) => {
		streams.get(`${channel} ${user}`)?.reset();
		expected.get(channel)?.delete(user);
	};
	const wrong = async () => {
		const counts = await Promise.all(survivors.map((each) => each.counts()));
		const found: string[] = [];
		for (const [at, channel] of channels.entries()) {
			const ids = [...(expected.get(channel) ?? [])].sort();
			for (const all of counts) {
				if (all?.[at] !== ids.length) found.push(`${channel}: ${all?.[at]} of ${ids.length}`);
			}
			for (const page of pages.get(channel) ?? []) {
				if (page.known() !== ids.join()) found.push(`${channel}: a page knows ${page.known()}`);
			}
		}
		return found.slice(0, 5);
	};

	const all = channels.flatMap((channel) =>
		members.map((user, n) => ({ channel, user, at: n % 3 })),
	);
	expect(all).toHaveLength(1_000);
	await inParts(all, ({ channel, user, at }) => join(at, channel, user));
	await expect.poll(wrong, patience).toEqual([]);

	let begun = performance.now();
	doomed.kill();
	for (const { channel, user, at } of all) if (at === 2) expected.get(channel)?.delete(user);
	const right = async () => {
		const counts = await one.counts();
		return counts?.every((count, at) => count === expected.get(channels[at] ?? "")?.size);
	};
	await expect.poll(right, patience).toBe(true);
	console.log(`After a kill: counts right in ${elapsed(begun)}, with a ttl of ${ttl} ms.`);
	await expect.poll(wrong, patience).toEqual([]);

	const steady = new Map(channels.map((channel) => [channel, new Set(expected.get(channel))]));
	await redis.kill();
	// During the outage one client leaves each channel. A new client is let in when Redis is back.
	for (const channel of channels) {
		leave(channel, "m00");
		steady.get(channel)?.delete("m00");
	}
	begun = performance.now();
	await redis.restart();
	await inParts(channels, (channel) => rejoin(channel));
	await expect.poll(right, patience).toBe(true);
	console.log(`After Redis was killed: counts right in ${elapsed(begun)}.`);
	await expect.poll(wrong, patience).toEqual([]);

	for (const [channel, some] of pages) {
		for (const { twice, left } of some) {
			expect(twice, channel).toEqual([]);
			// No page was told a false leave.
			expect(left.filter((id) => steady.get(channel)?.has(id))).toEqual([]);
			expect(left.toSorted()).toEqual(
				[
					...all
						.filter((each) => each.channel === channel && each.at === 2)
						.map((each) => each.user),
					"m00",
				].sort(),
			);
		}
	}

	/** Streams are refused until the process has its broker again. */
	async function rejoin(channel: string): Promise<void> {
		await expect
			.poll(async () => {
				const stream = await survivors[0]?.open(channel, { user: "new" });
				if (stream?.retries.length !== 0) return false;
				expected.get(channel)?.add("new");
				return true;
			}, patience)
			.toBe(true);
	}
}, 240_000);

function elapsed(begun: number): string {
	return `${((performance.now() - begun) / 1_000).toFixed(1)} s`;
}
