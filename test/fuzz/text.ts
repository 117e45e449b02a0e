import fc from "fast-check";

/**
 * Text as an attacker would write it. Random text hardly ever contains what matters to a format. Text that
 * forges an event names it `forged`, and readers listen for that type.
 */

export const forged = "forged";

const lineEnds = [
	"\r",
	"\n",
	"\r\n",
	"\n\n",
	"\r\r",
	"\r\n\r\n",
	"\n\r",
	"\u2028",
	"\u2029",
	"\u0085",
];
const spaces = [" ", "  ", "\t", "\v", "\f", "\u00a0", "\ufeff", "\0"];
const fields = ["data", "id", "event", "retry"].flatMap((field) => [
	...[field, `${field}:`, `${field}: `, `${field} :`, ` ${field}:`],
	...["\n", "\r", "\u2028"].map((lineEnd) => `${lineEnd}${field}:${forged}`),
]);
const frames = [
	":",
	": comment\n",
	"\n\nretry:1\n\n",
	"\rretry:1\r",
	...["\n", "\r", "\r\n"].flatMap((end) => [
		`${end}${end}data:${forged}${end}${end}`,
		`${end}event:${forged}${end}data:${forged}${end}${end}`,
		`${end}id:${forged}${end}${end}`,
	]),
];
const json = [
	...[
		'"',
		"\\",
		"\\n",
		"\\u000a",
		"\\ud800",
		"{",
		"}",
		"[",
		"]",
		",",
		"null",
		"NaN",
		"1e999",
		"-0",
	],
	...[`{"data":"${forged}"}`, '{"id":"1-1",', '","id":"', `","type":"${forged}`, '"data":'],
];
const words = [
	...["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "then", "toJSON"],
	...["sse", "sse.", "sse.gap", "sse.ping", "message", "open", "error", forged],
];
const urls = ["%0a", "%0D%0A", "%00", "%", "%u000a", "&", "=", "?", "#", "+", "/", "..", ";", ","];
const positions = ["0", "0-0", "1-1", "1-", "-1", "-", ".", "1700000000000-7", "999999999999999-0"];
const characters = [
	"é",
	"å",
	"世",
	"😀",
	"\u{10ffff}",
	"\ud800",
	"\udc00",
	"\udfff\ud800",
	"\u202e",
];

/** Pieces that may each change what a reader makes of the rest. */
export const piece: fc.Arbitrary<string> = fc.constantFrom(
	...[lineEnds, spaces, fields, frames, json, words, urls, positions, characters].flat(),
);

const mixed = fc
	.array(
		fc.oneof(
			{ weight: 3, arbitrary: piece },
			{ weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 3 }) },
		),
		{ maxLength: 8 },
	)
	.map((pieces) => pieces.join(""));

const long = fc
	.tuple(mixed, piece, fc.integer({ min: 100, max: 4_000 }), mixed)
	.map(([start, middle, times, end]) => start + middle.repeat(times) + end);

/** Mostly short, and sometimes of many thousand characters. */
export const text: fc.Arbitrary<string> = fc.oneof(
	{ weight: 2, arbitrary: piece },
	{ weight: 100, arbitrary: mixed },
	{ weight: 1, arbitrary: long },
);

/** Types and ids that keep to the rules and are as hostile as these allow. A character has up to 3 bytes. */
export const typeText: fc.Arbitrary<string> = text.map((value) =>
	value
		.replaceAll(/[\p{Cc}\p{Cf}]/gu, "")
		.slice(0, 85)
		.toWellFormed(),
);
export const idText: fc.Arbitrary<string> = text.map((value) =>
	value
		.replaceAll(/\p{Cc}/gu, "")
		.slice(0, 340)
		.toWellFormed()
		.trim(),
);

/** Whether a type is edge-sse's own or can be taken for one. Decided in another way than the library does. */
export function looksReserved(type: string): boolean {
	const isUnseen = (each: string) =>
		/\s|\p{M}|\p{Cf}|\p{Cc}|\p{Default_Ignorable_Code_Point}/u.test(each);
	const seen = [...type.normalize("NFKD")].filter((each) => !isUnseen(each));
	return seen.slice(0, 4).join("").toLocaleLowerCase("en") === "sse.";
}

/** Breaks the rule of an id. Most of these break the rule of a type as well. */
export const badId: fc.Arbitrary<string> = fc.oneof(
	fc
		.tuple(text, fc.constantFrom(..."\0\r\n\t\x1b\x7f\x85\x9f"), text)
		.map(([before, character, after]) => `${before}x${character}x${after}`),
	text.map((value) => `${value}\ud800`),
	fc.integer({ min: 1_025, max: 100_000 }).map((length) => "x".repeat(length)),
	fc.integer({ min: 513, max: 1_024 }).map((length) => "é".repeat(length)),
);
export const badType: fc.Arbitrary<string> = fc.oneof(
	badId,
	fc.integer({ min: 257, max: 1_024 }).map((length) => "x".repeat(length)),
	fc
		.tuple(text, fc.constantFrom(..."\u200b\u200d\u00ad\u202e\u2066\ufeff"), text)
		.map((all) => all.join("")),
);
export const spacedId: fc.Arbitrary<string> = fc
	.tuple(fc.constantFrom(" ", "\u00a0", "\ufeff", "\u2028"), fc.boolean())
	.map(([space, first]) => (first ? `${space}x` : `x${space}`));

const scalar = fc.oneof(
	{ weight: 4, arbitrary: text },
	fc.constantFrom(null, true, false, 0, 1.5, -1e21, 2 ** 53),
	fc.double({ noNaN: true, noDefaultInfinity: true }),
);

/** What JSON can represent, with hostile keys and values. */
export const jsonData: fc.Arbitrary<unknown> = fc.oneof(
	{ weight: 2, arbitrary: scalar },
	{ weight: 1, arbitrary: fc.array(scalar, { maxLength: 3 }) },
	{ weight: 1, arbitrary: fc.dictionary(text, scalar, { maxKeys: 3 }) },
	{ weight: 1, arbitrary: fc.dictionary(text, fc.array(scalar, { maxLength: 2 }), { maxKeys: 2 }) },
);
