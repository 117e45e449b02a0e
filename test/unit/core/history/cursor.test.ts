import fc from "fast-check";
import { expect, test } from "vitest";
import { formatCursor, parseCursor } from "../../../../src/core/history/cursor.ts";
import {
	beginning,
	isAfter,
	isPosition,
	isSame,
	later,
} from "../../../../src/core/message/position.ts";

const runs = { numRuns: 2_000, seed: 20_261_122 };

const number = fc.oneof(
	fc.constantFrom(0, 1, 35, 36, 1_700_000_000_000, 10 ** 15 - 1),
	fc.nat({ max: 10 ** 15 - 1 }),
);
const position = fc
	.tuple(fc.constantFrom("", "", "~"), number, number)
	.map(([mark, ms, sequence]) => `${mark}${ms}-${sequence}`);
const names = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 6 }), {
	minLength: 1,
	maxLength: 8,
});
const places = names.chain((list) =>
	fc.tuple(
		fc.constant(list),
		fc.array(position, { minLength: list.length, maxLength: list.length }),
	),
);

test("a cursor is read back as the positions that it was made of", () => {
	fc.assert(
		fc.property(places, ([names, positions]) => {
			expect(parseCursor(names, formatCursor(names, positions))).toEqual(positions);
		}),
		runs,
	);
});

test("of one channel it is the position itself, which is what Redis calls the message", () => {
	expect(formatCursor(["a"], ["1700000000000-7"])).toBe("1700000000000-7");
});

test("of several it is the checksum of their names and a short word for each", () => {
	const cursor = formatCursor(["a", "b", "c"], ["1700000000000-0", "1700000000000-7", "0-0"]);
	expect(cursor).toMatch(/^[0-9a-z]{1,7}\.loyw3v28\.loyw3v28-7\.0$/);
});

test("of another list of channels, or the same in another order, it has no position", () => {
	fc.assert(
		fc.property(places, names, ([names, positions], others) => {
			fc.pre(names.length > 1 || others.length > 1);
			fc.pre(JSON.stringify(names) !== JSON.stringify(others));
			const parsed = parseCursor(others, formatCursor(names, positions));
			expect(parsed).toEqual(others.map(() => undefined));
		}),
		runs,
	);
});

test("names that only look alike when they are joined are told apart", () => {
	const lists = [
		["a", "b\nc"],
		["a\nb", "c"],
		["a,b", "c"],
		["a", "b,c"],
		["a", "b", "c"],
	];
	const positions = ["1-0", "2-0", "3-0"];
	for (const list of lists) {
		for (const other of lists.filter((each) => each !== list)) {
			const cursor = formatCursor(list, positions.slice(0, list.length));
			expect(parseCursor(other, cursor)).toEqual(other.map(() => undefined));
		}
	}
});

test("whatever else a client sends, each channel has a position or none, and nothing throws", () => {
	const words = fc.constantFrom(
		"0",
		"0-0",
		"-",
		".",
		"1-1",
		"1e9-0",
		"zz",
		"zzzzzzzzzz-zzzzzzzzzz",
		" 1-1",
		"１-１",
		"1-1\n",
	);
	const text = fc.oneof(
		fc.string({ unit: "binary" }),
		fc.array(words).map((all) => all.join(".")),
	);
	fc.assert(
		fc.property(names, text, (names, text) => {
			const parsed = parseCursor(names, text);
			expect(parsed).toHaveLength(names.length);
			for (const each of parsed) expect(each === undefined || isPosition(each)).toBe(true);
		}),
		runs,
	);
});

test("0 and 0-0 are the start, in every channel", () => {
	for (const start of ["0", "0-0"]) {
		expect(parseCursor(["a"], start)).toEqual([beginning]);
		expect(parseCursor(["a", "b"], start)).toEqual([beginning, beginning]);
	}
});

test("positions are in the order of their two numbers, not of their text", () => {
	fc.assert(
		fc.property(number, number, number, number, (ms, n, otherMs, otherN) => {
			const [a, b] = [`${ms}-${n}`, `${otherMs}-${otherN}`];
			const after = ms !== otherMs ? ms > otherMs : n > otherN;
			expect(isAfter(a, b)).toBe(after);
			expect(isAfter(a, a)).toBe(false);
		}),
		runs,
	);
});

test("all empty positions are one place, before every message, and the later is the one that was seen later", () => {
	fc.assert(
		fc.property(number, number, number, (ms, sequence, earlier) => {
			fc.pre(`${ms}-${sequence}` !== beginning && earlier < ms);
			const [empty, before, message] = [`~${ms}-${sequence}`, `~${earlier}-0`, `${ms}-${sequence}`];
			for (const each of [empty, before, beginning]) {
				expect([isAfter(message, each), isAfter(each, message)]).toEqual([true, false]);
				expect([isSame(each, empty), isSame(each, message)]).toEqual([true, false]);
				expect([later(each, empty), later(empty, each)]).toEqual([empty, empty]);
				expect([later(each, message), later(message, each)]).toEqual([message, message]);
			}
		}),
		runs,
	);
});

test.for([
	["1-0", true],
	["0-0", true],
	["999999999999999-999999999999999", true],
	["~1790000000000-0", true],
	["~0-0", true],
	["~1790000000000", false],
	["~~1-0", false],
	["1-~0", false],
	["1000000000000000-0", false],
	["1-", false],
	["-1", false],
	["1", false],
	["1-0-0", false],
	["+1-0", false],
	["1-0\n", false],
	[" 1-0", false],
	["1.5-0", false],
	["٣-٣", false],
	["", false],
] as const)("%j is a position: %s", ([text, expected]) => {
	expect(isPosition(text)).toBe(expected);
});
