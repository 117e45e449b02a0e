import { expect, test } from "vitest";
import { ConnectionLimits } from "../../../../src/core/request/connection-limits.ts";
import { BorrowedPlaces } from "../../../../src/server/processes/borrowed.ts";
import { Places } from "../../../../src/server/processes/places.ts";

/** Processes that share a limit, without messages between them. */
function scene(total: number, count: number) {
	const recalled: number[] = [];
	const borrowed = new Map<ConnectionLimits, BorrowedPlaces>();
	const places = new Places<ConnectionLimits>(total, count, async (owner) => {
		recalled.push(all.indexOf(owner));
		borrowed.get(owner)?.recall();
	});
	const all = Array.from({ length: count }, () => {
		const limits = new ConnectionLimits(99, Number.POSITIVE_INFINITY);
		const mine = new BorrowedPlaces(limits, {
			spare: places.block,
			give: (count) => places.give(limits, count),
			take: async () => {
				const taken = await places.take(limits);
				if (taken > 0) mine.lend(taken);
				return taken > 0;
			},
		});
		borrowed.set(limits, mine);
		return limits;
	});
	return { places, all, recalled };
}

test("a limit holds over all processes, to the last slot", async () => {
	const { all, recalled } = scene(5, 2);
	const [a, b] = all as [ConnectionLimits, ConnectionLimits];
	const slots = [];
	for (const limits of [a, b, a, a, a]) slots.push(await limits.enter(undefined));
	expect(slots.every((slot) => slot !== undefined)).toBe(true);
	expect(await b.enter(undefined)).toBeUndefined();
	expect(await a.enter(undefined)).toBeUndefined();
	expect(recalled).toContain(0);
	// A slot that one process frees can be used by another.
	slots[2]?.release();
	expect(await b.enter(undefined)).toBeDefined();
	expect(await a.enter(undefined)).toBeUndefined();
});

test("clients that wait at the same time share a question, and all slots are used", async () => {
	const { places, all } = scene(1_000, 4);
	expect(places.block).toBe(31);
	const asked = all.flatMap((limits) => Array.from({ length: 300 }, () => limits.enter(undefined)));
	const slots = await Promise.all(asked);
	expect(slots.filter((slot) => slot !== undefined)).toHaveLength(1_000);
	for (const slot of slots) slot?.release();
	const [first] = all;
	const again = await Promise.all(Array.from({ length: 1_001 }, () => first?.enter(undefined)));
	expect(again.filter((slot) => slot !== undefined)).toHaveLength(1_000);
});

test("two processes that ask at once for another's free slots both get some", async () => {
	const { places, all } = scene(192, 3);
	const [first, second, third] = all as [ConnectionLimits, ConnectionLimits, ConnectionLimits];
	const slots = await Promise.all(Array.from({ length: 192 }, () => third.enter(undefined)));
	// One block, of which the first could take all.
	for (const slot of slots.slice(0, places.block)) slot?.release();
	const both = await Promise.all([first.enter(undefined), second.enter(undefined)]);
	expect(both).toEqual([expect.anything(), expect.anything()]);
});

test("the slots of an ended process are free again, and its pending question gets none", async () => {
	const { places, all } = scene(2, 2);
	const [a, b] = all as [ConnectionLimits, ConnectionLimits];
	await a.enter(undefined);
	await a.enter(undefined);
	expect(await b.enter(undefined)).toBeUndefined();
	const asking = places.take(a);
	places.gone(a);
	expect(await asking).toBe(0);
	expect(await b.enter(undefined)).toBeDefined();
	expect(await b.enter(undefined)).toBeDefined();
	expect(await b.enter(undefined)).toBeUndefined();
});

test("a process that does not answer keeps its slots, and the others go on", async () => {
	const places = new Places<string>(3, 3, () => Promise.reject(new Error("frozen")));
	expect(await places.take("frozen")).toBe(1);
	expect(await places.take("a")).toBe(1);
	expect(await places.take("a")).toBe(1);
	expect(await places.take("b")).toBe(0);
	places.give("a", 2);
	expect(await places.take("b")).toBe(1);
});
