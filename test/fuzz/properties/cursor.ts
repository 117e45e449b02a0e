import assert from "node:assert/strict";
import fc from "fast-check";
import { formatCursor, parseCursor } from "../../../src/core/history/cursor.ts";
import { text } from "../text.ts";
import type { Property } from "./property.ts";

const number = fc.oneof(
	fc.constantFrom(0, 1, 35, 36, 1_700_000_000_000, 10 ** 15 - 1),
	fc.nat({ max: 10 ** 15 - 1 }),
);
const position = fc.tuple(number, number).map(([ms, sequence]) => `${ms}-${sequence}`);
const channel = text.map((name) => name.slice(0, 512) || "sse");
const channels = fc.uniqueArray(channel, { minLength: 1, maxLength: 6 });
const places = channels.chain((names) => {
	const { length } = names;
	return fc.tuple(fc.constant(names), fc.array(position, { minLength: length, maxLength: length }));
});

/** Every channel has a position in digits, or none. */
function assertSane(names: readonly string[], cursor: string): void {
	const positions = parseCursor(names, cursor);
	assert.equal(positions.length, names.length);
	for (const each of positions) {
		assert.ok(each === undefined || /^[0-9]{1,15}-[0-9]{1,15}$/.test(each), each);
	}
}

/** Another list, as far away from the first as one name, or as its order. */
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
/** Two lists that are one when they are joined. */
const alike = fc
	.tuple(channel, channel, channel, fc.constantFrom(",", "\n", "", ".", '","', "\0", "&"), position)
	.map(([a, b, c, by, position]) => ({
		names: [a + by + b, c],
		positions: [position, position],
		others: [a, b + by + c],
	}));

export const positions: Property = {
	name: "a cursor is read back as its positions, by its own list of channels and no other",
	share: 5,
	property: fc.property(
		fc.oneof({ weight: 4, arbitrary: changed }, { weight: 1, arbitrary: alike }),
		({ names, positions, others }) => {
			const cursor = formatCursor(names, positions);
			// It goes into an `id:` and comes back in a header.
			assert.match(cursor, /^[0-9a-z.-]+$/);
			assert.deepEqual(parseCursor(names, cursor), positions);
			const list = others.filter((name) => name !== "");
			if (list.length === 0 || JSON.stringify(list) === JSON.stringify(names)) return;
			// Of one channel it is the bare position, which belongs to whoever asks for one channel.
			if (names.length === 1 && list.length === 1) return;
			// `0-0` is the start of every list.
			if (cursor === "0-0") return;
			assert.deepEqual(
				parseCursor(list, cursor),
				list.map(() => undefined),
			);
		},
	),
};

const numeric = /^[0-9]+$/;
const hostileWord = fc.oneof(
	{ weight: 3, arbitrary: fc.constantFrom("0", "zz", "zzzzzzzzzz", "zzzzzzzzzzz", "1-1", "-", "") },
	{ weight: 1, arbitrary: text },
	{ weight: 2, arbitrary: position },
	{ weight: 1, arbitrary: number.map((value) => value.toString(36)) },
);
/** A true cursor with one of its words changed: the checksum holds. */
const tampered = places.chain(([names, positions]) =>
	fc.tuple(fc.constant(names), fc.nat({ max: names.length }), hostileWord).map(([, at, word]) => {
		const words = formatCursor(names, positions).split(".");
		words[at] = word;
		return { names, cursor: words.join("."), at };
	}),
);
const made = fc
	.tuple(channels, fc.oneof(text, fc.array(hostileWord, { maxLength: 7 })))
	.map(([names, cursor]) => ({
		names,
		cursor: typeof cursor === "string" ? cursor : cursor.join("."),
	}));

export const cursors: Property = {
	name: "whatever a client sends, each channel has a position or none",
	share: 2,
	property: fc.property(fc.oneof(tampered, made), ({ names, cursor }) => {
		assertSane(names, cursor);
		const [first] = parseCursor(names, cursor);
		if (names.length > 1 || first === undefined || numeric.test(cursor)) return;
		// Of one channel the cursor is the position to the letter: the store is asked for nothing else.
		assert.equal(first, cursor);
	}),
};
