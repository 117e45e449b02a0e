import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Connection } from "../../../src/core/delivery/connection.ts";
import { ObjectStream } from "../../../src/presence/object-stream.ts";

beforeEach(() => {
	vi.useFakeTimers();
});
afterEach(() => {
	vi.useRealTimers();
});

/** A stream that reads too slowly, and whose object cannot be asked. */
function slow() {
	const failed: unknown[] = [];
	const connection = { isOpen: true, write: () => false };
	const stream = new ObjectStream({
		read: () => Promise.reject(new Error("away")),
		failed: (error) => failed.push(error),
	});
	stream.begin(connection as unknown as Connection);
	for (const channel of ["a", "b"]) stream.tell(channel, { occupancy: 1 });
	return { stream, failed, connection };
}

test("an unavailable object is reported once, however often it is asked", async () => {
	const { failed } = slow();
	await vi.advanceTimersByTimeAsync(5_000);
	expect(failed).toEqual([new Error("away")]);
	expect(vi.getTimerCount()).toBe(2);
});

test("a stream that has ended has no timer and starts none", async () => {
	const { stream, connection } = slow();
	connection.isOpen = false;
	stream.end();
	expect(vi.getTimerCount()).toBe(0);
	stream.tell("c", { occupancy: 2 });
	expect(vi.getTimerCount()).toBe(0);
});
