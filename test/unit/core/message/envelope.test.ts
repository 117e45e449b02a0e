import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { SseError } from "../../../../src/core/errors.ts";
import { encode } from "../../../../src/core/message/encode.ts";
import { decode } from "../../../../src/core/message/envelope.ts";
import { Message } from "../../../../src/core/message/message.ts";
import { onlyEvent } from "./parsed.ts";

describe("encode()", () => {
	test.each([
		[new Message("foo"), '{"data":"foo"}'],
		[new Message({ a: [1] }, { type: "t" }), '{"data":{"a":[1]},"type":"t"}'],
		[new Message(null, { id: 0, retry: 0 }), '{"data":null,"id":"0","retry":0}'],
		[new Message("", { type: "", id: "" }), '{"data":"","id":""}'],
	])("%#: writes flask-sse's JSON, without absent fields", (message, payload) => {
		expect(encode(message)).toBe(payload);
		expect(JSON.parse(payload)).toEqual(JSON.parse(JSON.stringify(message)));
	});

	test.each([undefined, () => 1, Symbol("s"), 1n])(
		"refuses data that JSON cannot represent (%#)",
		(data) => {
			expect(() => encode(new Message(data))).toThrow(TypeError);
		},
	);
});

describe("decode()", () => {
	test("parses a message and makes its frame", () => {
		const { message, frame } = decode('{"id": "7", "retry": 9, "data": "foo", "type": "t"}');
		expect(message.equals(new Message("foo", { type: "t", id: "7", retry: 9 }))).toBe(true);
		expect(frame).toBe("event:t\ndata:foo\nid:7\nretry:9\n\n");
	});

	test("takes null for absent, and accepts a number as id", () => {
		const { message } = decode('{"data": 1, "type": null, "id": 5, "retry": null}');
		expect(message.toJSON()).toEqual({ data: 1, id: "5" });
	});

	const secret = "s3cr3t-session-token";
	const foreign: [what: string, payload: string][] = [
		["no text at all", ""],
		["a plain text", secret],
		["JSON cut short", `{"data": "${secret}`],
		["JSON with something after it", `{"data": "${secret}"} x`],
		["Python's NaN, which is no JSON", `{"data": [NaN, "${secret}"]}`],
		["a string", `"${secret}"`],
		["a number", "42"],
		["true", "true"],
		["null", "null"],
		["an array", `["${secret}"]`],
		["an array of a message", `[{"data": "${secret}"}]`],
		["an empty object", "{}"],
		["no data", `{"type": "${secret}", "id": "1"}`],
		["a session of another application", `{"user": 1, "token": "${secret}"}`],
		["data and one key too many", `{"data": "x", "token": "${secret}"}`],
		["a key of another case", `{"data": "x", "Type": "${secret}"}`],
		["a key named __proto__", `{"data": "x", "__proto__": {"token": "${secret}"}}`],
		["data by inheritance only", `{"__proto__": {"data": "${secret}"}}`],
		["a key that is secret itself", `{"data": "x", "${secret}": 1}`],
		["a line end in the type", `{"data": "x", "type": "${secret}\\nid: 1"}`],
		["a line end in the id", `{"data": "x", "id": "${secret}\\r1"}`],
		["NUL in the id", `{"data": "x", "id": "${secret}\\u0000"}`],
		["a type that is a number", `{"data": "${secret}", "type": 5}`],
		["a type that is an object", `{"data": "${secret}", "type": {"${secret}": 1}}`],
		["an id that is a fraction", `{"data": "${secret}", "id": 1.5}`],
		["an id past 2^53", `{"data": "${secret}", "id": 9007199254740993}`],
		["an id that is an array", `{"data": "${secret}", "id": ["${secret}"]}`],
		["a retry that is a text", `{"data": "${secret}", "retry": "${secret}"}`],
		["a negative retry", `{"data": "${secret}", "retry": -1}`],
		["a retry past 2^53", `{"data": "${secret}", "retry": 1e300}`],
	];
	test.each(foreign)("drops %s, and the error quotes nothing of it", (_, payload) => {
		let caught: unknown;
		try {
			decode(payload);
		} catch (error) {
			caught = error;
		}
		expect(caught).toBeInstanceOf(SseError);
		const error = caught as SseError;
		expect(error.code).toBe("bad_message");
		expect(error.message).toMatch(/^Dropped a /);
		// This includes the message, the stack, the cause and all else that a logger may write.
		expect(inspect(error, { depth: 10, showHidden: true })).not.toContain(secret);
		expect(String(error.cause)).not.toContain(secret);
	});
});

describe("the frame of a foreign message keeps the publisher's own JSON text", () => {
	const kept: [what: string, payload: string, text: string][] = [
		["an integer past 2^53", '{"data": 12345678901234567890}', "12345678901234567890"],
		["1.0", '{"data": 1.0}', "1.0"],
		["1e2", '{"data":1e2}', "1e2"],
		["-0", '{"data": -0}', "-0"],
		["more digits than a double has", '{"data": 0.1234567890123456789}', "0.1234567890123456789"],
		[
			"such numbers within",
			'{"data": {"a": [1.0, 12345678901234567890]}}',
			'{"a": [1.0, 12345678901234567890]}',
		],
		["Python's spaces", '{"data": {"a": 1, "b": [2, 3]}}', '{"a": 1, "b": [2, 3]}'],
		["Python's escapes", '{"data": ["\\u00e9"]}', '["\\u00e9"]'],
		["true", '{"data": true}', "true"],
		["null", '{ "data" : null , "id" : "1" }', "null"],
		["an empty object", '{"data": {}}', "{}"],
		["an empty array", '{"data": []}', "[]"],
		[
			"the order and the repetition of keys",
			'{"data": {"b": 1, "a": 2, "b": 3}}',
			'{"b": 1, "a": 2, "b": 3}',
		],
		["data in the middle", '{"type": "t", "data": [1.0], "id": "1"}', "[1.0]"],
		["data at the end", '{"type": "t", "id": "1", "data": 1.0}', "1.0"],
		["the last of two data, as JSON.parse has it", '{"data": 1.0, "data": 2.0}', "2.0"],
		["the last of two data, when the first is a text", '{"data": "1", "data": 2.0}', "2.0"],
		[
			"a nested key of the same name",
			'{"data": {"data": {"data": 1.0}}}',
			'{"data": {"data": 1.0}}',
		],
		[
			"a nested one after it",
			'{"data": [{"data": 1.0}, {"data": 2.0}]}',
			'[{"data": 1.0}, {"data": 2.0}]',
		],
		[
			"braces and commas in strings",
			'{"data": {"a": "}],{[\\"data\\": 1,"}}',
			'{"a": "}],{[\\"data\\": 1,"}',
		],
		[
			"escaped quotes and backslashes",
			'{"data": ["\\\\\\"", "\\\\", "\\\\\\\\"]}',
			'["\\\\\\"", "\\\\", "\\\\\\\\"]',
		],
		["a text before it that looks like it", '{"type": "\\"data\\": 5,", "data": 1.0}', "1.0"],
		["a text after it that looks like it", '{"data": 1.0, "type": ", \\"data\\": 5}"}', "1.0"],
		["a key that is written with escapes", '{"d\\u0061ta": 1.0}', "1.0"],
	];
	test.each(kept)("of %s", (_, payload, text) => {
		const { message, frame } = decode(payload);
		expect(onlyEvent(frame).data).toBe(text);
		expect(JSON.parse(text)).toEqual(message.data);
		expect(message.data).toEqual(JSON.parse(payload).data);
	});

	test("pretty-printed JSON becomes several data lines with the same meaning", () => {
		const data = { a: [1, { b: "c" }] };
		const { frame } = decode(JSON.stringify({ data, type: "t" }, null, 2));
		expect(frame.split("\n").length).toBeGreaterThan(5);
		expect(JSON.parse(onlyEvent(frame).data)).toEqual(data);
		const windows = JSON.stringify({ data }, null, "\t").replaceAll("\n", "\r\n");
		expect(JSON.parse(onlyEvent(decode(windows).frame).data)).toEqual(data);
	});

	test("a string is written without quotes and with its escapes resolved", () => {
		expect(onlyEvent(decode('{"data": "\\u00e9\\n\\"a\\""}').frame).data).toBe('é\n"a"');
		expect(onlyEvent(decode('{"data": 1.0, "data": "last"}').frame).data).toBe("last");
	});
});

test("a megabyte of nested data is parsed in linear time", () => {
	const deep = `${"[".repeat(5_000)}${"]".repeat(5_000)}`;
	const wide = `[${'{"data":"\\\\\\""},'.repeat(60_000)}1.0]`;
	for (const text of [deep, wide]) {
		expect(onlyEvent(decode(`{"type":"t","data":${text}}`).frame).data).toBe(text);
	}
});
