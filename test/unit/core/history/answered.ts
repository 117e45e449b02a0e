import { setImmediate as nextTurn } from "node:timers/promises";
import { vi } from "vitest";
import type { FakeBroker } from "./broker.ts";

/** Answers all requests, and those that follow from them. */
export async function answered(broker: FakeBroker): Promise<void> {
	for (let turn = 0; turn < 4; turn++) {
		for (const read of [...broker.reads]) read.answer();
		await vi.advanceTimersByTimeAsync(100);
		await nextTurn();
	}
}
