import { setTimeout as delay } from "node:timers/promises";
import { expect } from "vitest";
import { median } from "./chance.ts";
import { loopTime, processorTime } from "./clock.ts";
import { Probe } from "./wire.ts";

/** What is compared: the processes whose time counts, with the hub among them. */
export interface Subject {
	hub: number;
	port: number;
	/** The hub's broker or its processes, which a stranger's request must not keep busy either. */
	others: readonly number[];
}

/** One round of work; `isRead` resolves when the hub has read what was sent before. */
export type Round = (run: number, isRead: () => Promise<void>) => Promise<void>;

export interface Cost {
	/** Processor time of the hub and of the others, in ms, for each round of the same work. */
	used: number[];
	/** The longest time that an honest request waited, for each round. */
	waited: number[];
}

const rounds = 5;

/** How many times as much as an honest request a hostile one may cost. */
const mostTimes = 10;

/** How much longer one may block the event loop, in ms. */
const mostHeld = 10;

/** Honest rounds and hostile ones in turn; the first of each warms up. */
export async function compare(subject: Subject, hostile: Round, honest: Round) {
	const costs = {
		hostile: { used: [], waited: [] } as Cost,
		honest: { used: [], waited: [] } as Cost,
	};
	for (let run = 0; run <= rounds; run++) {
		for (const [kind, round] of [
			["honest", honest],
			["hostile", hostile],
		] as const) {
			const { used, waited } = await measured(subject, (isRead) => round(run, isRead));
			if (run === 0) continue;
			costs[kind].used.push(used);
			costs[kind].waited.push(waited);
		}
	}
	return costs;
}

/** Fails when a stranger's request costs more than an honest one. */
export function expectBounded({ hostile, honest }: { hostile: Cost; honest: Cost }): void {
	const times = median(hostile.used) / median(honest.used);
	const held = median(hostile.waited) - median(honest.waited);
	if (process.env.ATTACK_FIGURES !== undefined) {
		console.log(
			`${expect.getState().currentTestName}: ${times.toFixed(2)} times, ${held.toFixed(1)} ms longer ` +
				`(honest: ${median(honest.used).toFixed(1)} ms a round, waits of ${median(honest.waited).toFixed(1)} ms)`,
		);
	}
	const figures = JSON.stringify({ hostile, honest });
	expect(times, `times an honest request's processor time: ${figures}`).toBeLessThanOrEqual(
		mostTimes,
	);
	expect(held, `ms that others wait longer: ${figures}`).toBeLessThanOrEqual(mostHeld);
}

/**
 * Runs work and measures its cost, while `/healthz` is requested all the time. The delay of an answer is the
 * hub's own processor time: what its event loop did before it answered, whatever else the machine was doing.
 */
async function measured(
	{ hub, port, others }: Subject,
	work: (isRead: () => Promise<void>) => Promise<void>,
): Promise<{ used: number; waited: number }> {
	const probe = await Probe.open(port);
	const reader = await Probe.open(port);
	let waited = 0;
	let isOver = false;
	const asking = async () => {
		while (!isOver) {
			const before = loopTime(hub);
			await probe.ask();
			waited = Math.max(waited, loopTime(hub) - before);
			await delay(1);
		}
	};
	const before = processorTime(hub, ...others);
	const asked = asking();
	try {
		await work(() => reader.ask());
	} finally {
		isOver = true;
		await asked;
		probe.close();
		reader.close();
	}
	return { used: processorTime(hub, ...others) - before, waited };
}
