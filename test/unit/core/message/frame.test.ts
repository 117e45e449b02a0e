import { describe, expect, test } from "vitest";
import {
	commentFrame,
	type FrameFields,
	frame,
	retryFrame,
} from "../../../../src/core/message/frame.ts";
import { onlyEvent, parsed } from "./parsed.ts";

describe("a frame", () => {
	test("has its fields in flask-sse's order and ends with a blank line", () => {
		expect(frame({ data: "a\nb", type: "t", id: "7", retry: 9 })).toBe(
			"event:t\ndata:a\ndata:b\nid:7\nretry:9\n\n",
		);
	});

	const cases: [what: string, fields: FrameFields, wire: string][] = [
		["data alone", { data: "foo" }, "data:foo\n\n"],
		["empty data", { data: "" }, "data:\n\n"],
		["one line end", { data: "\n" }, "data:\ndata:\n\n"],
		["a trailing line end", { data: "a\n" }, "data:a\ndata:\n\n"],
		["a leading line end", { data: "\na" }, "data:\ndata:a\n\n"],
		["a blank line", { data: "a\n\nb" }, "data:a\ndata:\ndata:b\n\n"],
		["a leading space", { data: " a" }, "data:  a\n\n"],
		["a space alone", { data: " " }, "data:  \n\n"],
		["leading spaces in every line", { data: " a\n  b" }, "data:  a\ndata:   b\n\n"],
		["a leading space in the type", { data: "", type: " t" }, "event:  t\ndata:\n\n"],
		["a leading space in the id", { data: "", id: " 7" }, "data:\nid:  7\n\n"],
		["a leading tab", { data: "\ta" }, "data:\ta\n\n"],
		["a colon first", { data: ":a", type: ":t", id: ":7" }, "event::t\ndata::a\nid::7\n\n"],
		["an empty id, which resets", { data: "", id: "" }, "data:\nid:\n\n"],
		["zeros", { data: "0", id: "0", retry: 0 }, "data:0\nid:0\nretry:0\n\n"],
		["what looks like a field", { data: "event: x\nid: 1" }, "data:event: x\ndata:id: 1\n\n"],
		["a BOM first", { data: "\ufeffa" }, "data:\ufeffa\n\n"],
		["NUL in data and type", { data: "a\0", type: "\0t" }, "event:\0t\ndata:a\0\n\n"],
	];
	test.each(cases)("with %s is parsed to the same fields", (_, fields, wire) => {
		expect(frame(fields)).toBe(wire);
		expect(onlyEvent(wire)).toEqual({
			data: fields.data,
			event: fields.type,
			id: fields.id,
			retry: fields.retry,
		});
	});

	test.each([
		["CRLF", "a\r\nb"],
		["CR", "a\rb"],
		["LF", "a\nb"],
	])("ends a line at %s, which is parsed as LF", (_, data) => {
		expect(frame({ data })).toBe("data:a\ndata:b\n\n");
		expect(onlyEvent(frame({ data })).data).toBe("a\nb");
	});

	test("takes CR LF for one line end and LF CR for two", () => {
		expect(onlyEvent(frame({ data: "a\r\n\r\nb" })).data).toBe("a\n\nb");
		expect(onlyEvent(frame({ data: "a\n\rb" })).data).toBe("a\n\nb");
	});

	test.each([
		["U+000B", "\u000b"],
		["U+000C", "\u000c"],
		["U+001C", "\u001c"],
		["U+0085", "\u0085"],
		["U+2028", "\u2028"],
		["U+2029", "\u2029"],
	])("does not end a line at %s, although Python's splitlines does", (_, separator) => {
		const data = `a${separator}b`;
		expect(frame({ data })).toBe(`data:${data}\n\n`);
		expect(onlyEvent(frame({ data })).data).toBe(data);
	});
});

test("two frames in a row are parsed as two events", () => {
	const text = frame({ data: "1", type: "t", id: "a" }) + frame({ data: "2" });
	expect(parsed(text).events).toEqual([
		{ data: "1", event: "t", id: "a" },
		{ data: "2", event: undefined, id: undefined },
	]);
});

test("the comment frame is a comment and no event", () => {
	expect(parsed(commentFrame)).toEqual({ events: [], retries: [], comments: [""], errors: [] });
});

test.each([0, 1, 3_000, Number.MAX_SAFE_INTEGER])(
	"the retry frame of %d ms sets the time and is no event",
	(ms) => {
		expect(parsed(retryFrame(ms))).toEqual({ events: [], retries: [ms], comments: [], errors: [] });
	},
);
