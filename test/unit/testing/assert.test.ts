import strict from "node:assert/strict";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import * as assert from "../../../src/testing/contract/assert.ts";
import { show, textsOf } from "../../../src/testing/contract/show.ts";

const values = [
	...[undefined, null, true, false, 0, 1, "", "a", "1", Number.NaN, []],
	...[["a"], ["a", "b"], ["b", "a"], [undefined], [[]], {}, { a: 1 }, { a: 1, b: 2 }],
	...[{ b: 2, a: 1 }, { a: "1" }, { a: undefined }, { b: 1 }, { a: { b: [1] } }],
	...[{ a: { b: [2] } }, new Set(), new Set(["a"]), new Set(["a", "b"]), new Set(["b", "a"])],
];

function throws(call: () => void): boolean {
	try {
		call();
		return false;
	} catch {
		return true; // throwing is the answer
	}
}

test("the contract's assert agrees with node:assert on every pair of values", () => {
	for (const one of values) {
		expect(throws(() => assert.ok(one))).toBe(throws(() => strict.ok(one)));
		for (const other of values) {
			const what = `${show(one)} and ${show(other)}`;
			const equal = throws(() => strict.equal(one, other));
			expect(
				throws(() => assert.equal(one, other)),
				what,
			).toBe(equal);
			const deep = throws(() => strict.deepEqual(one, other));
			expect(
				throws(() => assert.deepEqual(one, other)),
				what,
			).toBe(deep);
			const same = throws(() => strict.notEqual(one, other));
			expect(
				throws(() => assert.notEqual(one, other)),
				what,
			).toBe(same);
		}
	}
});

test("an assertion error says what came, and carries both values for the runner", () => {
	const failing = () => assert.deepEqual(["a", undefined], ["b"], "the order");
	expect(failing).toThrow('the order: came ["a","undefined"], expected ["b"]');
	expect(failing).toThrow(expect.objectContaining({ actual: ["a", undefined], expected: ["b"] }));
	expect(() => assert.ok("", "no name")).toThrow("no name");
	expect(show("x".repeat(1_000))).toMatch(/^"x{499}… \(1002 characters\)$/);
	expect([show(undefined), show(1n), show(new Error("a"))]).toEqual([
		"undefined",
		'"1"',
		'"Error: a"',
	]);
});

test("textsOf() finds every text of an error, however it is hidden", () => {
	const cause = Object.defineProperty(new Error("inner"), "hidden", { value: ["one"] });
	const error = Object.assign(new Error("outer", { cause }), {
		map: new Map([["two", new Set(["three"])]]),
		[Symbol("four")]: { five: "six" },
	});
	Object.assign(error, { itself: error });
	const text = textsOf(error).join(" ");
	for (const word of ["outer", "inner", "one", "two", "three", "four", "five", "six", "at "]) {
		expect(text).toContain(word);
	}
});

test("watchRejections() finds an unhandled rejection", async () => {
	const source = new URL("../../../src/testing/contract/rejections.ts", import.meta.url).href;
	const script = `
		import { watchRejections } from ${JSON.stringify(source)};
		await watchRejections(async () => {});
		const seen = watchRejections(async () => void Promise.reject(new Error("unseen")));
		await seen.catch((error) => console.log(error.message));`;
	const args = ["--input-type=module", "-e", script];
	const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 60_000 });
	expect(stdout).toBe('unhandled rejections: came ["Error: unseen"], expected []\n');
});
