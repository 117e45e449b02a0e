import type { ChildProcess } from "node:child_process";
import { EventEmitter } from "node:events";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Supervisor, type SupervisorOptions } from "../../../../src/server/processes/supervisor.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A fake process: it records what it is told and emits what it says. */
class Fake extends EventEmitter {
	readonly slot: number;
	readonly told: string[] = [];
	connected = true;
	/** Whether it stops answering. */
	isFrozen = false;

	constructor(slot: number) {
		super();
		this.slot = slot;
	}

	send({ what, number }: { what?: string; number?: number }): void {
		if (what === "stats" && !this.isFrozen) this.emit("message", { number, value: {} });
		if (what === "leave" || what === "close") {
			this.told.push(what);
			if (!this.isFrozen) this.end(0);
		}
	}

	ready(): this {
		this.emit("message", { what: "ready" });
		return this;
	}

	kill(): void {
		this.told.push("kill");
		this.end(null, "SIGKILL");
	}

	end(code: number | null, signal: string | null = null): void {
		if (!this.connected) return;
		this.connected = false;
		this.emit("exit", code, signal);
	}
}

function scene(options: Partial<SupervisorOptions> = {}) {
	const fakes: Fake[] = [];
	const log: string[] = [];
	const gaveUp: string[] = [];
	const supervisor = new Supervisor({
		...{ count: 2, atATime: 2, drain: 1_000 },
		fork: (slot) => {
			const fake = new Fake(slot);
			fakes.push(fake);
			return fake as unknown as ChildProcess;
		},
		answers: () => ({}),
		serves: ({ slot }) => log.push(`${slot} serves`),
		leaves: ({ slot }) => log.push(`${slot} leaves`),
		gone: ({ slot }) => log.push(`${slot} gone`),
		log: (_, { slot }, message) => log.push(`${slot}: ${message}`),
		giveUp: ({ message }) => gaveUp.push(message),
		...options,
	});
	return { supervisor, fakes, log, gaveUp };
}

const soon = () => vi.advanceTimersByTimeAsync(0);
const last = (fakes: readonly Fake[]) => fakes.at(-1) as Fake;

async function started(options?: Partial<SupervisorOptions>) {
	const made = scene(options);
	const starting = made.supervisor.start();
	for (const fake of made.fakes) fake.ready();
	await starting;
	return made;
}

test("start() resolves with the first processes, and starts the others a few at a time", async () => {
	const { supervisor, fakes } = scene({ count: 5, atATime: 2 });
	const starting = supervisor.start();
	fakes[0]?.ready();
	fakes[1]?.ready();
	await starting;
	expect(fakes).toHaveLength(4);
	fakes[2]?.ready();
	await soon();
	expect(fakes).toHaveLength(5);
	// One of the later processes that cannot start is tried again.
	fakes[3]?.end(1);
	fakes[4]?.ready();
	await vi.advanceTimersByTimeAsync(200);
	expect(fakes.map(({ slot }) => slot)).toEqual([1, 2, 3, 4, 5, 4]);
	last(fakes).ready();
	expect(supervisor.ready).toHaveLength(5);
});

test("start() rejects with the reason of a first process that cannot start", async () => {
	const { supervisor, fakes } = scene();
	const starting = expect(supervisor.start()).rejects.toThrow("PORT 1 is taken");
	fakes[0]?.ready();
	fakes[1]?.emit("message", { what: "failed", value: "PORT 1 is taken" });
	await starting;
	expect(fakes[1]?.told).toEqual(["kill"]);
});

test("a process that ends is replaced, with longer pauses while they end early", async () => {
	const { supervisor, fakes, log } = await started();
	await vi.advanceTimersByTimeAsync(20_000);
	fakes[0]?.end(null, "SIGSEGV");
	await vi.advanceTimersByTimeAsync(1);
	expect(fakes).toHaveLength(3);
	expect(log).toContain("1: A process has ended: it was ended by SIGSEGV. Another one is started.");
	const pauses = [200, 400, 800, 1_600];
	for (const pause of pauses) {
		const count = fakes.length;
		last(fakes).ready();
		await soon();
		last(fakes).end(1);
		await vi.advanceTimersByTimeAsync(pause - 1);
		expect(fakes).toHaveLength(count);
		await vi.advanceTimersByTimeAsync(1);
		expect(fakes).toHaveLength(count + 1);
	}
	expect(supervisor.ends).toBe(5);
	expect(last(fakes).slot).toBe(1);
});

test("gives up after exactly five failed starts while no process serves", async () => {
	const { fakes, gaveUp } = await started({ count: 1 });
	fakes[0]?.end(1);
	for (let attempt = 1; attempt <= 5; attempt++) {
		expect(gaveUp).toEqual([]);
		await vi.advanceTimersByTimeAsync(10_000);
		last(fakes).end(70);
		await soon();
	}
	expect(gaveUp).toEqual(["A process of the hub could not start: it ended with code 70."]);
});

test("restart() replaces one process at a time, and the new one serves before the old one leaves", async () => {
	const { supervisor, fakes, log } = await started();
	log.length = 0;
	const restarting = supervisor.restart();
	await soon();
	expect(fakes).toHaveLength(3);
	last(fakes).ready();
	await soon();
	expect(fakes).toHaveLength(4);
	last(fakes).ready();
	await restarting;
	expect(log).toEqual([
		...["1 serves", "1 leaves", "1 gone"],
		...["2 serves", "2 leaves", "2 gone"],
	]);
	expect(supervisor.ends).toBe(0);
	expect(supervisor.ready).toHaveLength(2);
});

test("a restart whose new process cannot start keeps the old ones", async () => {
	const { supervisor, fakes, log } = await started();
	const restarting = supervisor.restart();
	await soon();
	last(fakes).end(1);
	await restarting;
	expect(fakes).toHaveLength(3);
	expect(fakes[0]?.told).toEqual([]);
	expect(log.join("\n")).toContain("A restart was given up");
	expect(supervisor.ready).toHaveLength(2);
});

test("a process that does not answer for half a minute is killed and replaced", async () => {
	const { fakes } = await started();
	const [first, second] = fakes as [Fake, Fake];
	first.isFrozen = true;
	await vi.advanceTimersByTimeAsync(30_000);
	expect(first.told).toEqual([]);
	await vi.advanceTimersByTimeAsync(5_000);
	expect(first.told).toEqual(["kill"]);
	expect(second.told).toEqual([]);
	await vi.advanceTimersByTimeAsync(1);
	expect(last(fakes).slot).toBe(1);
	expect(fakes).toHaveLength(3);
});

test("stop() ends all processes, and kills one that does not end in time", async () => {
	const { supervisor, fakes } = await started();
	const [first, second] = fakes as [Fake, Fake];
	first.isFrozen = true;
	const stopping = supervisor.stop();
	await vi.advanceTimersByTimeAsync(10_999);
	expect(first.told).toEqual(["close"]);
	await vi.advanceTimersByTimeAsync(1);
	await stopping;
	expect(first.told).toEqual(["close", "kill"]);
	expect(second.told).toEqual(["close"]);
	await vi.advanceTimersByTimeAsync(60_000);
	expect(fakes).toHaveLength(2);
});

test("during a restart each slot has one newest process", async () => {
	const { supervisor, fakes, log } = await started({ drain: 60_000 });
	const newest = () => supervisor.newest.map(({ pid }) => pid);
	for (const [at, fake] of fakes.entries()) Object.assign(fake, { pid: at, isFrozen: true });
	const restarting = supervisor.restart();
	await soon();
	Object.assign(last(fakes), { pid: 2, isFrozen: true });
	expect(newest()).toEqual([0, 1]);
	last(fakes).ready();
	await soon();
	expect(supervisor.children).toHaveLength(3);
	expect(newest()).toEqual([2, 1]);
	fakes[0]?.end(0);
	await soon();
	expect(newest().toSorted()).toEqual([1, 2]);
	// Stopping while another process starts is no failure.
	void supervisor.stop();
	await soon();
	for (const fake of fakes) fake.end(0);
	await restarting;
	expect(log.filter((line) => line.includes("given up"))).toEqual([]);
});

test("a process that the system cannot start is tried again, and the others go on", async () => {
	let isFull = false;
	const fakes: Fake[] = [];
	const { supervisor, log } = scene({
		fork: (slot) => {
			if (isFull) throw new Error("spawn ENOMEM");
			fakes.push(new Fake(slot));
			return last(fakes) as unknown as ChildProcess;
		},
	});
	const starting = supervisor.start();
	for (const fake of fakes) fake.ready();
	await starting;
	isFull = true;
	await supervisor.restart();
	expect(log.at(-1)).toBe("1: A restart was given up: spawn ENOMEM");
	fakes[0]?.end(null, "SIGKILL");
	await vi.advanceTimersByTimeAsync(500);
	expect(log.at(-1)).toBe("1: A process could not start: spawn ENOMEM It is tried again.");
	isFull = false;
	await vi.advanceTimersByTimeAsync(1_000);
	last(fakes).ready();
	await soon();
	expect(log.at(-1)).toBe("1 serves");
});
