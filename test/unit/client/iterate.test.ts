import { expect, test } from "vitest";
import { iterate } from "../../../src/client/iterate.ts";

function open() {
	const taps: ((data: unknown, event: never) => void)[] = [];
	let stops = 0;
	const ends = new Set<(error?: unknown) => void>();
	const on = (
		_: string,
		listener: (data: unknown, event: never) => void,
		onEnd: (error?: unknown) => void,
	) => {
		taps.push(listener);
		ends.add(onEnd);
		return () => stops++;
	};
	const queue = iterate({ on }, ["a"]) as AsyncIterableIterator<unknown>;
	const put = (value: number) => {
		for (const tap of taps) tap(undefined, value as never);
	};
	const end = (error?: unknown) => {
		for (const each of ends) each(error);
	};
	return { queue, put, end, listens: () => taps.length, stops: () => stops };
}

test("the loop subscribes once, at the first next()", async () => {
	const { queue, put, listens } = open();
	expect(listens()).toBe(0);
	const waiting = [queue.next(), queue.next()];
	expect(listens()).toBe(1);
	for (const value of [1, 2, 3]) put(value);
	expect(await Promise.all([...waiting, queue.next()])).toEqual(
		[1, 2, 3].map((value) => ({ done: false, value })),
	);
	expect(listens()).toBe(1);
});

test("break unsubscribes, and drops the events that were not read", async () => {
	const { queue, put, stops } = open();
	const seen: unknown[] = [];
	const reading = (async () => {
		for await (const value of queue) {
			seen.push(value);
			if (value === 2) break;
		}
	})();
	for (const value of [1, 2, 3]) put(value);
	await reading;
	expect(seen).toEqual([1, 2]);
	expect(stops()).toBe(1);
	expect(await queue.next()).toEqual({ done: true, value: undefined });
});

test("return() resolves a next() that waits", async () => {
	const { queue } = open();
	const waiting = queue.next();
	await queue.return?.();
	expect(await waiting).toEqual({ done: true, value: undefined });
});

test("events that came before the end can still be read after it", async () => {
	const { queue, put, end, stops } = open();
	const first = queue.next();
	for (const value of [1, 2]) put(value);
	end();
	expect(await first).toEqual({ done: false, value: 1 });
	expect(await queue.next()).toEqual({ done: false, value: 2 });
	expect(await queue.next()).toEqual({ done: true, value: undefined });
	expect(stops()).toBe(1);
});

test("a loop that was ended before its first next() never subscribes", async () => {
	const { queue, listens } = open();
	await queue.return?.();
	expect(await queue.next()).toEqual({ done: true, value: undefined });
	expect(listens()).toBe(0);
});

test("an error is thrown once, after the events that came before it", async () => {
	const { queue, put, end } = open();
	const first = queue.next();
	for (const value of [1, 2]) put(value);
	end(new Error("lost"));
	expect(await first).toEqual({ done: false, value: 1 });
	expect(await queue.next()).toEqual({ done: false, value: 2 });
	await expect(queue.next()).rejects.toThrow("lost");
	expect(await queue.next()).toEqual({ done: true, value: undefined });
});

test("an error rejects a next() that waits", async () => {
	const { queue, end } = open();
	const waiting = queue.next();
	end(new Error("lost"));
	await expect(waiting).rejects.toThrow("lost");
});
