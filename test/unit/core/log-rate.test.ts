import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { logError } from "../../../src/core/error-handler.ts";
import { gapError, SseError } from "../../../src/core/errors.ts";
import { LogRate } from "../../../src/core/log-rate.ts";
import * as hub from "../../../src/server/log.ts";
import { ask, scene } from "./stream/kit.ts";

describe("LogRate", () => {
	beforeEach(() => vi.useFakeTimers());
	afterEach(() => vi.useRealTimers());

	test("admits five lines of a kind a second, and then reports how many were left out", () => {
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

	test("reports with the next line when the timer was lost with its request", () => {
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
	["the library's own", logError],
	["the hub's own", hub.logError],
])("%s default error handler", (_, handler) => {
	beforeEach(() => vi.useFakeTimers());
	afterEach(() => {
		vi.useRealTimers();
		vi.restoreAllMocks();
	});

	test("writes five lines of each kind and one with a count, however many channels there are", () => {
		const lines: string[] = [];
		vi.spyOn(console, "error").mockImplementation((...words) => void lines.push(words.join(" ")));
		// A later second than that of other tests' lines.
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

test("500 forged cursors are at most ten reports a second, and stats() counts each", async () => {
	const it = scene({ history: {} });
	const begun = Date.now();
	for (let n = 0; n < 500; n++) {
		const response = await ask(it, `channel=a&lastEventId=forged${n}`);
		const reader = response.body?.getReader();
		// The gap may be in the first chunk or in a later one.
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
