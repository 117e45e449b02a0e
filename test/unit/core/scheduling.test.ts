import { afterEach, expect, test, vi } from "vitest";

afterEach(() => {
	vi.unstubAllGlobals();
	vi.resetModules();
});

const unsupported = vi.fn(() => {
	throw new Error(
		"A Node.js API is used (setImmediate) which is not supported in the Edge Runtime.",
	);
});

test.each([
	["there is no setImmediate", undefined],
	["setImmediate only throws, as in Next's edge runtime", unsupported],
])("where %s, tasks run by the shortest timer", async (_, setImmediate) => {
	vi.stubGlobal("setImmediate", setImmediate);
	vi.resetModules();
	const { atEndOfTurn } = await import("../../../src/core/scheduling.ts");
	const ran: number[] = [];
	await new Promise<void>((resolve) => {
		atEndOfTurn(() => ran.push(1));
		atEndOfTurn(() => {
			ran.push(2);
			resolve();
		});
		expect(ran).toEqual([]);
	});
	expect(ran).toEqual([1, 2]);
	// It is asked once, not with each message.
	expect(unsupported.mock.calls.length).toBeLessThanOrEqual(1);
});

/** A turn, and what it has asked the host to call at its end. */
async function scene() {
	const waiting: (() => void)[] = [];
	vi.stubGlobal("setImmediate", (task: () => void) => waiting.push(task));
	vi.resetModules();
	const { Batch } = await import("../../../src/core/scheduling.ts");
	const ran: string[] = [];
	return { turn: new Batch(), waiting, ran };
}

test("what many ask for is done in order, in one call of the host's; what is asked for then, in the next", async () => {
	const { turn, waiting, ran } = await scene();
	turn.add(() => {
		ran.push("1");
		turn.add(() => ran.push("later"));
	});
	turn.add(() => ran.push("2"));
	expect(waiting).toHaveLength(1);
	waiting.shift()?.();
	expect(ran).toEqual(["1", "2"]);
	expect(waiting).toHaveLength(1);
	waiting.shift()?.();
	expect(ran).toEqual(["1", "2", "later"]);
});

test("one that throws is heard of, and does not keep the others from being done", async () => {
	const { turn, waiting, ran } = await scene();
	turn.add(() => {
		throw new Error("oops");
	});
	turn.add(() => ran.push("the other"));
	expect(() => waiting.shift()?.()).toThrow("oops");
	waiting.shift()?.();
	expect(ran).toEqual(["the other"]);
});
