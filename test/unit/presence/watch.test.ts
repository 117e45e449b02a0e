import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Connection } from "../../../src/core/delivery/connection.ts";
import type { Page, PresenceStore } from "../../../src/presence/store.ts";
import { Watch } from "../../../src/presence/watch.ts";

beforeEach(() => {
	vi.useFakeTimers();
});
afterEach(() => {
	vi.useRealTimers();
});

test("an outage of the store is reported once, however many channels are read again", async () => {
	let isAway = true;
	let reads = 0;
	const page = async (): Promise<Page> => {
		reads++;
		if (isAway) throw new Error("away");
		return { occupancy: 0, members: [], isFull: false };
	};
	const failed: unknown[] = [];
	const watch = new Watch({
		store: () => ({ page }) as unknown as PresenceStore,
		written: () => [],
		missing: () => undefined,
		failed: (error) => failed.push(error),
	});
	const stream = { write: () => true } as unknown as Connection;
	for (const name of ["a", "b", "c"]) watch.add(name, stream);
	await vi.advanceTimersByTimeAsync(5_000);
	expect(reads).toBeGreaterThan(12);
	expect(failed).toHaveLength(1);
	isAway = false;
	await vi.advanceTimersByTimeAsync(2_000);
	const settled = reads;
	await vi.advanceTimersByTimeAsync(5_000);
	expect(reads).toBe(settled);
	isAway = true;
	watch.changed(["a", "b"]);
	await vi.advanceTimersByTimeAsync(5_000);
	expect(failed).toHaveLength(2);
	watch.close();
});
