import { setImmediate as nextTurn } from "node:timers/promises";
import { afterEach, beforeEach, vi } from "vitest";

/** Fakes the clock for each test of the file. `passes()` moves it and lets what was sent be read. */
export function useClock(): { passes(ms: number): Promise<void> } {
	beforeEach(() => {
		vi.useFakeTimers({
			toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date", "performance"],
		});
	});
	afterEach(() => void vi.useRealTimers());
	return {
		async passes(ms) {
			await vi.advanceTimersByTimeAsync(ms);
			await nextTurn();
			await nextTurn();
		},
	};
}
