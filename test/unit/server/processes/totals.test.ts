import { expect, test } from "vitest";
import { counters, type Stats } from "../../../../src/core/stats.ts";
import type { Child } from "../../../../src/server/processes/child.ts";
import { sharedAnswer } from "../../../../src/server/processes/shared-answer.ts";
import { Totals } from "../../../../src/server/processes/totals.ts";

/** What the totals read of a child. */
function child(frames: number, connections: number, isResponsive = true) {
	const stats: Stats = { ...counters(), connections, channels: 1, frames };
	const made = { stats, isResponsive, asked: 0, askStats: async () => stats };
	return made as unknown as Child;
}

test("totals keep counts of ended processes, and the last known ones of silent processes", async () => {
	const [a, b] = [child(10, 2), child(5, 1, false)];
	let children = [a, b];
	const totals = new Totals(() => children);
	expect(await totals.read()).toMatchObject({ frames: 15, connections: 3, channels: 2 });
	totals.gone(a);
	children = [b];
	// No counter decreases, and no stream of the ended process is counted.
	expect(await totals.read()).toMatchObject({ frames: 15, connections: 1, channels: 1 });
});

test("concurrent calls share an answer, and a failure is not cached", async () => {
	let asked = 0;
	const ask = sharedAnswer(async () => {
		if (++asked === 2) throw new Error("away");
		return asked;
	});
	expect(await Promise.all([ask(), ask(), ask()])).toEqual([1, 1, 1]);
	await expect(ask()).rejects.toThrow("away");
	expect(await ask()).toBe(3);
});
