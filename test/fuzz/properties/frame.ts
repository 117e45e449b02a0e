import assert from "node:assert/strict";
import fc from "fast-check";
import { Message, type MessageOptions } from "../../../src/core/message/message.ts";
import { own, type Parser, popular, standard } from "../parsers.ts";
import { concatenated, cut, expectedOf, type Part, part } from "../parts.ts";
import { badId, badType, spacedId, text } from "../text.ts";
import { type Property, thrown } from "./property.ts";

function assertReads(parse: Parser, parts: readonly Part[], chunks: readonly Uint8Array[]): void {
	const { events, retries, comments, junk } = parse(chunks);
	assert.deepEqual(events, expectedOf(parts));
	assert.deepEqual(
		retries,
		parts.flatMap(({ retry }) => retry ?? []),
	);
	assert.equal(
		comments,
		parts.reduce((sum, { comments = 0 }) => sum + comments, 0),
	);
	assert.deepEqual(junk, []);
}

/** Places to cut at; 0 and 1 are the ends. */
const places = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 6 });

export const frames: Property = {
	name: "frames, alone or in a stream that is cut anywhere, are parsed to their fields",
	share: 7,
	property: fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), places, (parts, places) => {
		const stream = concatenated(parts.map(({ bytes }) => bytes));
		for (const parse of [popular, standard, own]) {
			for (const each of parts) assertReads(parse, [each], [each.bytes]);
			assertReads(parse, parts, cut(stream, places));
		}
	}),
};

export const otherStreams: Property = {
	name: "the client's parser reads any stream, cut anywhere, as the standard does",
	share: 3,
	property: fc.property(fc.array(text, { maxLength: 20 }), places, (texts, places) => {
		const chunks = cut(new TextEncoder().encode(texts.join("")), places);
		const { junk, ...expected } = standard(chunks);
		assert.deepEqual(own(chunks), { ...expected, junk: [] });
	}),
};

const cycle: unknown[] = [];
cycle.push(cycle);
/** Throws a value that is no Error, as JavaScript allows. */
const throwing = (what: unknown) => ({
	toJSON: () => {
		throw what;
	},
});
const unsendable = fc.oneof(
	fc.constantFrom(undefined, () => 1, Symbol("s"), 1n, cycle, [1n], { toJSON: () => undefined }),
	fc.oneof(text, fc.constantFrom(null, undefined, 0, new Error("x"))).map(throwing),
);

const nobodysField = fc.oneof(
	fc.constantFrom(true, Number.NaN, Infinity, 1.5, -1.5, 2 ** 53, 5n, Symbol("s"), [], ["1"], {}),
	fc.constant({ toString: () => "1\n2" }),
);
const badOptions: fc.Arbitrary<{ field: "type" | "id" | "retry"; value: unknown }> = fc.oneof(
	fc.record({
		field: fc.constant("type"),
		value: fc.oneof(nobodysField, fc.integer(), badType),
	}),
	fc.record({
		field: fc.constant("id"),
		value: fc.oneof(nobodysField, badId, spacedId),
	}),
	fc.record({
		field: fc.constant("retry"),
		value: fc.oneof(
			nobodysField,
			text,
			fc.integer({ max: -1 }),
			fc.integer({ min: 86_400_001, max: Number.MAX_SAFE_INTEGER }),
		),
	}),
);

export const refusals: Property = {
	name: "a field that would break the stream is a TypeError that names it",
	share: 8,
	property: fc.property(
		fc.oneof(
			badOptions,
			unsendable.map((value) => ({ field: "data" as const, value })),
		),
		({ field, value }) => {
			const make = () =>
				field === "data"
					? new Message(value).toString()
					: new Message("x", { [field]: value } as MessageOptions);
			const error = thrown(make);
			assert.ok(error instanceof TypeError, `${String(error)}`);
			assert.match(error.message, new RegExp(`^Message ${field} `));
		},
	),
};
