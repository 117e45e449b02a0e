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
])("where %s, tasks run by setTimeout with the shortest delay", async (_, setImmediate) => {
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
	// It is tried once and not with each message.
	expect(unsupported.mock.calls.length).toBeLessThanOrEqual(1);
});

/** A Batch, and the tasks it has scheduled at the host. */
async function scene() {
	const waiting: (() => void)[] = [];
	vi.stubGlobal("setImmediate", (task: () => void) => waiting.push(task));
	vi.resetModules();
	const { FlushQueue } = await import("../../../src/core/scheduling.ts");
	const ran: string[] = [];
	return { turn: new FlushQueue(), waiting, ran };
}

test("a Batch runs its tasks in order in one turn, and tasks added meanwhile in the next", async () => {
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

test("a task that throws does not stop the others, and its error reaches the host", async () => {
	const { turn, waiting, ran } = await scene();
	turn.add(() => {
		throw new Error("oops");
	});
	turn.add(() => ran.push("the other"));
	expect(() => waiting.shift()?.()).toThrow("oops");
	waiting.shift()?.();
	expect(ran).toEqual(["the other"]);
});
