import { expect, test } from "vitest";
import { Semaphore } from "../../../src/core/scheduling.ts";

test("a Semaphore runs a limited number in order, and a failure frees its place", async () => {
	const gate = new Semaphore(2);
	const begun: number[] = [];
	const ends: ((fail: boolean) => void)[] = [];
	const runs = [0, 1, 2, 3, 4].map((n) =>
		gate.run(
			() =>
				new Promise<number>((resolve, reject) => {
					begun.push(n);
					ends[n] = (fail) => (fail ? reject(new Error(`${n}`)) : resolve(n));
				}),
		),
	);
	const outcomes = Promise.allSettled(runs);
	const settle = async (n: number, fail: boolean) => {
		ends[n]?.(fail);
		await runs[n]?.catch(() => undefined);
		await Promise.resolve();
	};
	await Promise.resolve();
	expect(begun).toEqual([0, 1]);
	await settle(1, true);
	expect(begun).toEqual([0, 1, 2]);
	await settle(0, false);
	await settle(2, false);
	expect(begun).toEqual([0, 1, 2, 3, 4]);
	await settle(3, false);
	await settle(4, false);
	const statuses = (await outcomes).map(({ status }) => status);
	expect(statuses).toEqual(["fulfilled", "rejected", "fulfilled", "fulfilled", "fulfilled"]);
	expect(await gate.run(async () => "again")).toBe("again");
});
