import { expect, test } from "vitest";
import { inputLines } from "../../../src/cli/input.ts";
import { columns, jsonLine, plain, printable } from "../../../src/cli/text.ts";

/** Text from strangers must not control the terminal. */

const dangerous = [
	...Array.from({ length: 0x20 }, (_, code) => code),
	...Array.from({ length: 0x21 }, (_, at) => 0x7f + at),
	...[
		0xad, 0x061c, 0x180e, 0x200b, 0x200e, 0x200f, 0x2028, 0x2029, 0x2060, 0xfeff, 0xe0001, 0xe0041,
	],
	...Array.from({ length: 5 }, (_, at) => 0x202a + at),
	...Array.from({ length: 4 }, (_, at) => 0x2066 + at),
	...[0xd800, 0xdfff],
].map((code) => String.fromCodePoint(code));

test.each(dangerous.map((character) => [character.codePointAt(0)?.toString(16), character]))(
	"U+%s is escaped on a terminal, and JSON.parse gives it back",
	(_, character = "") => {
		expect(printable(`a${character}b`)).toMatch(/^a(\\u[\da-f]{4}|\\[nrt])+b$/);
		const line = jsonLine({ data: `a${character}b` });
		expect(line).toMatch(/^\{"data":"a(\\u[\da-f]{4}|\\[bfnrt])+b"\}$/);
		expect(JSON.parse(line)).toEqual({ data: `a${character}b` });
	},
);

test("ordinary text is printed unchanged", () => {
	const text = 'Grüße, "世界" \\n 👩‍👩‍👧 مرحبا';
	expect(printable(text)).toBe(text);
	expect(jsonLine(text)).toBe(JSON.stringify(text));
});

test("columns() wraps lines, and puts a long first column on a line of its own", () => {
	expect(
		columns(
			[
				["a", "one two three"],
				["b".repeat(40), "four"],
			],
			44,
		),
	).toBe(
		["  a", "one two"].join(" ".repeat(31)) +
			`\n${" ".repeat(34)}three\n  ${"b".repeat(40)}\n${" ".repeat(34)}four`,
	);
	expect(plain("[a `b`](c.md#d), `e`")).toBe("a b, e");
});

async function lines(...chunks: (string | Uint8Array)[]) {
	const given = (async function* () {
		yield* chunks;
	})();
	const read: string[] = [];
	for await (const line of inputLines(given)) read.push(line);
	return read;
}

test("inputLines() joins lines across chunks, also within a character", async () => {
	expect(await lines("a\nb", "c\r\n", "\n", "d")).toEqual(["a", "bc", "", "d"]);
	const [first = 0, ...rest] = new TextEncoder().encode("é\nx\n");
	expect(await lines(Uint8Array.of(first), Uint8Array.from(rest))).toEqual(["é", "x"]);
	await expect(lines("x".repeat(1_048_577))).rejects.toThrow("over 1048576 bytes");
});
