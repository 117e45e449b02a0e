import { expect, onTestFinished, test, vi } from "vitest";
import { memory } from "../../../src/connectors/memory.ts";
import { memoryStoreOf } from "../../../src/presence/memory-store.ts";
import { Roster } from "../../../src/presence/roster.ts";

const grace = 3_600_000;

function setUp() {
	vi.useFakeTimers();
	onTestFinished(() => void vi.useRealTimers());
	const store = memoryStoreOf(memory());
	const told: string[][] = [];
	const roster = new Roster({
		grace,
		store: () => store,
		process: async () => "a",
		changed: async (channels) => void told.push([...channels]),
		failed: (error) => expect.unreachable(String(error)),
	});
	return { store, told, roster };
}

test("a client that joins and leaves 10,000 times stays a member and leaves one pending task", async () => {
	const { store, told, roster } = setUp();
	for (let n = 0; n < 10_000; n++) {
		roster.join("room", "ann", "");
		roster.leave("room", "ann");
	}
	await vi.advanceTimersByTimeAsync(grace - 1_000);
	expect(await store.count("room")).toBe(1);
	expect(told).toEqual([["room"]]);
	expect(vi.getTimerCount()).toBe(1);
	// The work at the end of the grace period shows how much state was kept.
	const looks = vi.spyOn(Map.prototype, "get");
	await vi.advanceTimersByTimeAsync(2_000);
	const { length } = looks.mock.calls;
	looks.mockRestore();
	expect(length).toBeLessThan(1_000);
	expect(await store.count("room")).toBe(0);
	expect(told).toEqual([["room"], ["room"]]);
	expect(vi.getTimerCount()).toBe(0);
	expect(roster.isEmpty).toBe(true);
});
