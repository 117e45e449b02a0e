import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { logError } from "../../../src/core/error-handler.ts";
import { gapError, SseError } from "../../../src/core/errors.ts";
import { LogRate } from "../../../src/core/log-rate.ts";
import * as hub from "../../../src/server/log.ts";
import { ask, scene } from "./stream/kit.ts";

describe("a rate on lines", () => {
	beforeEach(() => vi.useFakeTimers());
	afterEach(() => vi.useRealTimers());

	test("five of a kind a second, and then how many were left out", () => {
		const more = vi.fn();
		const rate = new LogRate<string>(more);
		const admitted = (kind: string, times: number) =>
			Array.from({ length: times }, () => rate.admits(kind, kind)).filter(Boolean).length;
		expect(admitted("a", 3)).toBe(3);
		expect(admitted("a", 100)).toBe(2);
		expect(admitted("b", 5)).toBe(5);
		expect(more.mock.calls).toEqual([]);
		vi.advanceTimersByTime(1_000);
		expect(more.mock.calls).toEqual([["a", 98]]);
		expect(admitted("a", 7)).toBe(5);
		vi.advanceTimersByTime(60_000);
		expect(more.mock.calls).toEqual([
			["a", 98],
			["a", 2],
		]);
	});

	test("where the timer is lost with its request, the next line of the kind tells", () => {
		const more = vi.fn();
		const rate = new LogRate<string>(more);
		for (let n = 0; n < 8; n++) rate.admits("a", "a");
		vi.clearAllTimers();
		vi.setSystemTime(Date.now() + 1_000);
		expect(rate.admits("a", "a")).toBe(true);
		expect(more.mock.calls).toEqual([["a", 3]]);
	});
});

describe.each([
	["the library's", logError],
	["the hub's", hub.logError],
])("%s own handler", (_, handler) => {
	beforeEach(() => vi.useFakeTimers());
	afterEach(() => {
		vi.useRealTimers();
		vi.restoreAllMocks();
	});

	test("writes a handful of lines for any number of channels, and one with a count", () => {
		const lines: string[] = [];
		vi.spyOn(console, "error").mockImplementation((...words) => void lines.push(words.join(" ")));
		// The lines of other tests are none of this second's.
		vi.setSystemTime(Date.now() + 10_000);
		for (let n = 0; n < 500; n++) {
			handler(gapError(undefined), { stage: "replay", channel: `room.${n}` });
			handler(new SseError("bad_message", "Dropped."), { stage: "decode", channel: `room.${n}` });
			handler(new Error(`the user's own ${n}`), { stage: "hook" });
		}
		expect(lines).toHaveLength(15);
		vi.advanceTimersByTime(1_000);
		const counts = lines.slice(15);
		expect(counts).toHaveLength(3);
		for (const [index, kind] of ["gap", "bad_message", "unexpected"].entries()) {
			expect(counts[index]).toContain("495");
			expect(counts[index]).toContain(kind);
		}
	});
});

test("500 forged cursors are ten reports a second, and each is counted", async () => {
	const it = scene({ history: {} });
	const begun = Date.now();
	for (let n = 0; n < 500; n++) {
		const response = await ask(it, `channel=a&lastEventId=forged${n}`);
		const reader = response.body?.getReader();
		// The gap is in what comes first, or in what follows it.
		for (let text = ""; !text.includes("sse.gap"); ) {
			text += new TextDecoder().decode((await reader?.read())?.value);
		}
		await reader?.cancel();
	}
	expect(it.sse.stats().gaps).toBe(500);
	const seconds = Math.ceil((Date.now() - begun) / 1_000) + 1;
	expect(it.reports.length).toBeGreaterThan(0);
	expect(it.reports.length).toBeLessThanOrEqual(10 * seconds);
	expect(new Set(it.reports.map(({ stage }) => stage))).toEqual(new Set(["replay"]));
});
