import { setTimeout as delay } from "node:timers/promises";
import type { Fault } from "./environment.ts";
import type { Random } from "./random.ts";

/**
 * Injects the faults in random order until the time is over, two at a time when they break different things.
 *
 * @returns how often each was injected, by name.
 */
export async function strike(
	faults: readonly Fault[],
	random: Random,
	until: number,
): Promise<Map<string, number>> {
	const counts = new Map<string, number>();
	const busy = new Set<string>();
	let waiting: Fault[] = [];
	// A setup with few targets needs time to work in between.
	const longest = faults.length < 4 ? 4_000 : 600;
	const lane = async (chance: Random) => {
		while (performance.now() < until) {
			await delay(chance.between(100, longest));
			if (waiting.length === 0) waiting = chance.shuffled(faults);
			const index = waiting.findIndex(({ target }) => !busy.has(target));
			const [fault] = index === -1 ? [] : waiting.splice(index, 1);
			if (fault === undefined) continue;
			busy.add(fault.target);
			await fault.strike(chance);
			busy.delete(fault.target);
			counts.set(fault.name, (counts.get(fault.name) ?? 0) + 1);
		}
	};
	await Promise.all([lane(random.fork()), lane(random.fork())]);
	return counts;
}
