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
	const { atEndOfTurn } = await import("../../src/turn.ts");
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
