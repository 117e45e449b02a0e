import assert from "node:assert/strict";
import fc from "fast-check";
import { formatCursor, formatNamed, live, parseCursor } from "../../../src/core/history/cursor.ts";
import { text } from "../text.ts";
import type { Property } from "./property.ts";

const number = fc.oneof(
	fc.constantFrom(0, 1, 35, 36, 1_700_000_000_000, 10 ** 15 - 1),
	fc.nat({ max: 10 ** 15 - 1 }),
);
const position = fc
	.tuple(fc.constantFrom("", "", "~"), number, number)
	.map(([mark, ms, sequence]) => `${mark}${ms}-${sequence}`);
const channel = text.map((name) => name.slice(0, 512) || "sse");
const channels = fc.uniqueArray(channel, { minLength: 1, maxLength: 6 });
const places = channels.chain((names) => {
	const { length } = names;
	return fc.tuple(fc.constant(names), fc.array(position, { minLength: length, maxLength: length }));
});

/** Asserts that every channel has a position in digits, has none, or begins live. */
function assertSane(names: readonly string[], cursor: string): void {
	const positions = parseCursor(names, cursor);
	assert.equal(positions.length, names.length);
	for (const each of positions) {
		const told = each === undefined || each === live || /^~?[0-9]{1,15}-[0-9]{1,15}$/.test(each);
		assert.ok(told, each);
	}
}

/** Changed lists, by one name or by their order. */
const changes: ((names: string[], by: string) => string[])[] = [
	(names) => [...names].reverse(),
	(names) => names.slice(1),
	(names, by) => [...names, by],
	(names, by) => [...names.slice(1), by],
	([first = "", ...rest], by) => [first + by, ...rest],
	([first = "", second = "", ...rest]) => [first + second.slice(0, 1), second.slice(1), ...rest],
	(names) => [names.join(",")],
	(names) => [JSON.stringify(names)],
];
const changed = fc
	.tuple(places, fc.constantFrom(...changes), channel)
	.map(([[names, positions], change, by]) => ({ names, positions, others: change(names, by) }));
/** Two lists that are equal once they are joined. */
const alike = fc
	.tuple(channel, channel, channel, fc.constantFrom(",", "\n", "", ".", '","', "\0", "&"), position)
	.map(([a, b, c, by, position]) => ({
		names: [a + by + b, c],
		positions: [position, position],
		others: [a, b + by + c],
	}));

export const positions: Property = {
	name: "a cursor gives each channel its position by name, in any list of channels",
	share: 5,
	property: fc.property(
		fc.oneof({ weight: 4, arbitrary: changed }, { weight: 1, arbitrary: alike }),
		({ names, positions, others }) => {
			const cursor = formatNamed(names, positions);
			const known = new Map(names.map((name, index) => [name, positions[index]]));
			// It is written after `id:` and comes back in a header.
			assert.match(cursor, /^[0-9A-Za-z.~-]+$/);
			assert.deepEqual(parseCursor(names, cursor), positions);
			assert.deepEqual(parseCursor(names, formatCursor(names, positions)), positions);
			const list = [...new Set(others.filter((name) => name !== ""))];
			assert.deepEqual(
				parseCursor(list, cursor),
				list.map((name) => known.get(name) ?? live),
			);
		},
	),
};

const hostileWord = fc.oneof(
	{ weight: 3, arbitrary: fc.constantFrom("0", "zz", "zzzzzzzzzz", "zzzzzzzzzzz", "1-1", "-", "") },
	{ weight: 1, arbitrary: text },
	{ weight: 2, arbitrary: position },
	{ weight: 1, arbitrary: number.map((value) => value.toString(36)) },
);
/** A valid cursor with one word or character changed, or with its end cut off. */
const tampered = places.chain(([names, positions]) => {
	const cursor = formatNamed(names, positions);
	const words = cursor.split(".");
	const at = fc.nat({ max: cursor.length - 1 });
	const texts = fc.oneof(
		fc
			.tuple(fc.nat({ max: words.length - 1 }), hostileWord)
			.map(([index, word]) => words.with(index, word).join(".")),
		fc
			.tuple(at, fc.constantFrom(..."0Zz.-~ "))
			.map(([index, char]) => cursor.slice(0, index) + char + cursor.slice(index + 1)),
		at.map((end) => cursor.slice(0, end)),
	);
	return texts.map((text) => ({ names, cursor: text, whole: cursor }));
});
const made = fc
	.tuple(channels, fc.oneof(text, fc.array(hostileWord, { maxLength: 7 })))
	.map(([names, cursor]) => ({
		names,
		whole: "",
		cursor: typeof cursor === "string" ? cursor : cursor.join("."),
	}));

export const cursors: Property = {
	name: "any cursor gives each channel a position or none, and a changed cursor gives none",
	share: 2,
	property: fc.property(fc.oneof(tampered, made), ({ names, cursor, whole }) => {
		assertSane(names, cursor);
		const positions = parseCursor(names, cursor);
		if (cursor === whole || cursor === "0" || cursor === "0-0") return;
		// For one channel the bare position is valid. The store is asked for exactly that.
		const bare = names.length === 1 && /^~?[0-9]{1,15}-[0-9]{1,15}$/.test(cursor);
		assert.deepEqual(positions, bare ? [cursor] : names.map(() => undefined));
	}),
};
