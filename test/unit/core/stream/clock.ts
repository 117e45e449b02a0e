import { setImmediate as nextTurn } from "node:timers/promises";
import { afterEach, beforeEach, vi } from "vitest";

/** In each test of the file, time passes when the test says so; what has been sent is read within the turn. */
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
