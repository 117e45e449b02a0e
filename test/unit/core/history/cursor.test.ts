import fc from "fast-check";
import { expect, test } from "vitest";
import {
	formatCursor,
	formatNamed,
	live,
	parseCursor,
	withLive,
} from "../../../../src/core/history/cursor.ts";
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

test("a cursor is parsed to the positions that it was made of", () => {
	fc.assert(
		fc.property(places, ([names, positions]) => {
			expect(parseCursor(names, formatCursor(names, positions))).toEqual(positions);
		}),
		runs,
	);
});

test("the cursor of one channel is the position itself, which is the message's id in Redis", () => {
	expect(formatCursor(["a"], ["1700000000000-7"])).toBe("1700000000000-7");
});

test("the cursor of several channels names each by a hash, in at most 14 bytes a channel", () => {
	const cursor = formatCursor(["a", "b", "c"], ["1700000000000-0", "1700000000000-7", "~0-0"]);
	expect(cursor).toMatch(
		/^\w{5}Tvcokgi\.[0-9A-Za-z]{6}\.[0-9A-Za-z]{6}-7\.[0-9A-Za-z]{6}~Tvcokgi$/,
	);
	const day = 86_400_000;
	const many = Array.from({ length: 32 }, (_, n) => `channel ${n}`);
	const spread = many.map((_, n) => `${1_795_989_322_188 - Math.floor((n * day) / 31)}-${n % 60}`);
	expect(formatCursor(many, spread).length).toBeLessThanOrEqual(14 * 32);
});

test("after the list of channels changed, old channels keep their positions and new ones begin live", () => {
	fc.assert(
		fc.property(places, names, fc.nat(), ([names, positions], others, shuffle) => {
			fc.pre(names.length > 1);
			const mixed = names.filter((_, n) => (shuffle >> n) % 2 === 0);
			const list = [...new Set([...others, ...mixed.reverse()])];
			const expected = list.map((name) => positions[names.indexOf(name)] ?? live);
			expect(parseCursor(list, formatCursor(names, positions))).toEqual(expected);
		}),
		runs,
	);
});

test("a named cursor is valid for any list, and a bare position only for one channel", () => {
	const cursor = formatNamed(["a"], ["1-7"]);
	expect(cursor).toContain(".");
	expect(parseCursor(["a"], cursor)).toEqual(["1-7"]);
	expect(parseCursor(["b", "a"], cursor)).toEqual([live, "1-7"]);
	expect(parseCursor(["a", "b"], "1-7")).toEqual([undefined, undefined]);
});

test("a cursor that was changed or cut anywhere gives no channel a position", () => {
	const list = ["a", "b"];
	const cursor = formatCursor(list, ["1700000000000-0", "~1700000000123-7"]);
	const nothing = [undefined, undefined];
	for (let at = 0; at < cursor.length; at++) {
		expect(parseCursor(list, cursor.slice(0, at))).toEqual(nothing);
		expect(parseCursor(list, cursor.slice(at + 1))).toEqual(nothing);
		for (const char of ["0", "z", ".", "-", "~", ""]) {
			const changed = cursor.slice(0, at) + char + cursor.slice(at + 1);
			if (changed !== cursor) expect(parseCursor(list, changed)).toEqual(nothing);
		}
	}
	// The format before cursors named their channels.
	expect(parseCursor(list, "x8kq2f.mubkgr28.mubkgr28-1")).toEqual(nothing);
});

test("two names of one list with the same hash get longer hashes", () => {
	// The names were found by trying.
	const list = ["room.236604", "a", "room.241602"];
	const positions = ["1-1", "2-2", "3-3"];
	const cursor = formatCursor(list, positions);
	expect(parseCursor(list, cursor)).toEqual(positions);
	expect(parseCursor(list.toReversed(), cursor)).toEqual(positions.toReversed());
	expect(cursor.split(".")[0]).toMatch(/-2$/);
	// The short hash could mean either of the two.
	const short = formatCursor(["a", "room.236604"], ["2-2", "1-1"]);
	expect(parseCursor(list, short)).toEqual([undefined, "2-2", undefined]);
	expect(parseCursor(["a", "room.236604"], cursor)).toEqual(["2-2", "1-1"]);
});

test("a channel that begins live gets the position of the feed", () => {
	expect(withLive(["1-1", live, undefined], ["5-5", "6-6", "7-7"])).toEqual([
		"1-1",
		"6-6",
		undefined,
	]);
});

test("any other text gives each channel a position or none, and never throws", () => {
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
			const sane = parsed.every((each) => each === undefined || each === live || isPosition(each));
			expect(sane).toBe(true);
		}),
		{ ...runs, numRuns: 1_000 },
	);
});

test("0 and 0-0 are the start of every channel", () => {
	for (const start of ["0", "0-0"]) {
		expect(parseCursor(["a"], start)).toEqual([beginning]);
		expect(parseCursor(["a", "b"], start)).toEqual([beginning, beginning]);
	}
});

test("positions are ordered by their two numbers and not as text", () => {
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

test("an empty position is before every message, and of two empty ones the higher is the later", () => {
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
