import { stripVTControlCharacters } from "node:util";
import { describe, expect, test } from "vitest";
import { withChannel } from "../../../src/cli/channel-envelope.ts";
import { jsonWriter, wordWriter } from "../../../src/cli/event-line.ts";
import { cursorSince } from "../../../src/cli/since.ts";
import { shortened } from "../../../src/cli/text.ts";
import { parseCursor } from "../../../src/core/history/cursor.ts";

const event = (type: string, data: string, lastEventId = "") => ({
	...{ type, data, lastEventId, id: undefined, event: undefined },
});
const plain = { hasColors: false, columns: undefined };

describe("a line of an event on a terminal", () => {
	test("has columns for time, type, id and data", () => {
		const line = wordWriter(plain);
		expect(line(event("greeting", "one", "7-0"))).toMatch(
			/^\d\d:\d\d:\d\d {2}greeting {2}7-0 {2}one$/,
		);
		expect(line(event("t", "two"))).toMatch(/^\d\d:\d\d:\d\d {2}t {7} {2}two$/);
	});

	test("in colour has the same text, and gives a type the same colour each time", () => {
		const line = wordWriter({ ...plain, hasColors: true });
		const [first, second] = [line(event("a", "\u001b[2J", "7-0")), line(event("a", "x", "8-0"))];
		expect(stripVTControlCharacters(first)).toMatch(/^[\d:]{8} {2}a {2}7-0 {2}\\u001b\[2J$/);
		const type = (text: string) => / {2}(\S+a\S+) {2}/.exec(text)?.[1];
		expect(type(first)?.slice(1)).toMatch(/^\[3[2-6]ma/);
		expect(type(second)).toBe(type(first));
	});

	test("has the channel when several are read, and the data as published", () => {
		const line = wordWriter(plain);
		const channels = ["news", "rooms"];
		const inRooms = event("t", '{"channel":"rooms","data":{"n": 12345678901234567890}}');
		expect(line(withChannel(inRooms, channels)).slice(10)).toBe(
			'rooms  t  {"n": 12345678901234567890}',
		);
		const text = event("t", '{"channel":"news","data":"a\\nb"}');
		expect(line(withChannel(text, channels)).slice(10)).toBe(String.raw`news   t  a\nb`);
		expect(jsonWriter()(withChannel(text, channels))).toBe(
			String.raw`{"channel":"news","type":"t","data":"a\nb"}`,
		);
	});

	test.each([
		'{"channel":"other","data":1}',
		'{"channel":"news"}',
		"[1]",
		"null",
		"text",
		'{"data":1}',
	])("keeps data that is no envelope unchanged: %s", (data) => {
		expect(withChannel(event("t", data), ["news", "rooms"])).toEqual(event("t", data));
		expect(withChannel(event("t", data), ["news"])).toEqual(event("t", data));
	});

	test.each([
		["abcdef", 6, "abcdef"],
		["abcdef", 5, "abcd…"],
		["世界和平", 8, "世界和平"],
		["世界和平", 7, "世界和…"],
		["世界和平", 6, "世界…"],
		["a👍👍", 5, "a👍👍"],
		["a👍👍", 4, "a👍…"],
		["abc", 1, "…"],
	])("%s is shortened to %i columns: %s", (text, columns, cut) => {
		expect(shortened(text, columns)).toBe(cut);
		const line = wordWriter({ ...plain, columns: columns + 13 })(event("t", text));
		expect(line.slice(13)).toBe(cut);
	});
});

test("JSON output has an id only when the event has one", () => {
	expect(jsonWriter()(event("t", "x", "7-0"))).toBe('{"type":"t","data":"x","id":"7-0"}');
	expect(jsonWriter()(event("t", "x"))).toBe('{"type":"t","data":"x"}');
});

describe("--since", () => {
	const now = Date.parse("2026-02-01T00:00:00Z");
	test.each([
		["90s", 90_000],
		["10m", 600_000],
		["2h", 7_200_000],
		["1d", 86_400_000],
		["2026-01-31T12:00:00Z", 43_200_000],
		["2026-01-31", 86_400_000],
	])("%s becomes the position of that time", (text, ago) => {
		expect(cursorSince(text, [], now)).toBe(`${now - ago}-0`);
		const names = ["a", "b"];
		const position = `${now - ago}-0`;
		expect(parseCursor(names, cursorSince(text, names, now))).toEqual([position, position]);
		expect(cursorSince(text, ["a", "a"], now)).toBe(position);
	});

	test.each(["", "10", "m", "-1m", "1.5h", "2026-02-02", "2026-13-01", "9999999d", "yesterday"])(
		"%s is refused",
		(text) =>
			expect(() => cursorSince(text, [], now)).toThrow("--since: must be a time in the past"),
	);
});
