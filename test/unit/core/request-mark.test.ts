import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { PerRequest } from "../../../src/core/request-mark.ts";
import { foreignRequests } from "../../support/foreign-requests.ts";

beforeEach(() => {
	vi.useFakeTimers({ toFake: ["performance"] });
});

afterEach(() => {
	vi.useRealTimers();
	vi.unstubAllGlobals();
});

/** The state that an ended request leaves: busy for ever. */
const leftOver = () => ({ isIdle: false });

describe("state that ended requests left behind", () => {
	test.each([
		[1_000, 1_001],
		[60_000, 30_001],
		[Infinity, 30_001],
	])("is dropped by its age (maxAge %d ms: after %d ms)", (maxAge, later) => {
		const requests = foreignRequests();
		const all = new PerRequest("request", leftOver, maxAge);
		for (let request = 0; request < 10; request++) {
			requests.enter(request);
			all.get();
		}
		vi.advanceTimersByTime(later);
		requests.enter(10);
		const ours = all.get();
		expect(all.all()).toEqual([ours]);
		requests.touched = 0;
		expect(all.get()).toBe(ours);
		requests.enter(11);
		all.get();
		expect(requests.touched).toBe(1);
	});

	test("is never more than 64 entries", () => {
		const requests = foreignRequests();
		const all = new PerRequest("request", leftOver);
		for (let request = 0; request < 1_000; request++) {
			requests.enter(request);
			requests.touched = 0;
			all.get();
			expect(requests.touched).toBeLessThanOrEqual(64);
		}
		expect(all.all()).toHaveLength(64);
	});
});

test("a request keeps its own state, however late it returns and however many others came", () => {
	const requests = foreignRequests();
	const all = new PerRequest("request", leftOver, 1_000);
	const first = all.get();
	for (let request = 1; request < 500; request++) {
		requests.enter(request);
		const other = all.get();
		expect(other).not.toBe(first);
		requests.enter(0);
		expect(all.get()).toBe(first);
	}
	vi.advanceTimersByTime(5_000);
	expect(all.get()).toBe(first);
});
