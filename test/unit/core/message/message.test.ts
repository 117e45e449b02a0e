import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { Message, type MessageOptions } from "../../../../src/core/message/message.ts";
import { onlyEvent } from "./parsed.ts";

const cycle: Record<string, unknown> = {};
cycle.self = cycle;
const bareCycle = Object.create(null);
bareCycle.self = bareCycle;
const thrower = (what: unknown) => () => {
	throw what;
};

describe("new Message()", () => {
	test("keeps its fields", () => {
		const message = new Message("foo", { type: "t", id: "7", retry: 9 });
		expect({ ...message }).toEqual({ data: "foo", type: "t", id: "7", retry: 9 });
	});

	const accepted: [what: string, options: MessageOptions, expected: MessageOptions][] = [
		["no options", {}, {}],
		["undefined", { type: undefined, id: undefined, retry: undefined }, {}],
		["null, as Python's None", { type: null, id: null, retry: null }, {}],
		["an empty type, which is none", { type: "" }, {}],
		["an empty id, which resets the client's", { id: "" }, { id: "" }],
		["an id of 0", { id: 0 }, { id: "0" }],
		["a negative id", { id: -1 }, { id: "-1" }],
		["the largest number as id", { id: 2 ** 53 - 1 }, { id: "9007199254740991" }],
		["a retry of 0", { retry: 0 }, { retry: 0 }],
		["a retry of a day", { retry: 86_400_000 }, { retry: 86_400_000 }],
		[
			"other line separators",
			{ type: "a\u2028b", id: "a\u2028b" },
			{ type: "a\u2028b", id: "a\u2028b" },
		],
	];
	test.each(accepted)("accepts %s", (_, options, expected) => {
		const { type, id, retry } = new Message("x", options);
		expect({ type, id, retry }).toEqual({
			type: undefined,
			id: undefined,
			retry: undefined,
			...expected,
		});
	});

	const refused: [field: string, value: unknown][] = [
		["type", "a\nb"],
		["type", "a\rb"],
		["type", "a\r\ndata: forged\r\n\r\n"],
		["type", "\n"],
		["type", 5],
		["type", true],
		["type", {}],
		["type", ["a"]],
		["id", "1\n2"],
		["id", "1\r2"],
		["id", "1\0"],
		["type", "a\0"],
		["retry", 86_400_001],
		["retry", 2 ** 53 - 1],
		["id", 1.5],
		["id", 2 ** 53],
		["id", Number.NaN],
		["id", Number.POSITIVE_INFINITY],
		["id", true],
		["id", 1n],
		["id", {}],
		["id", ["1"]],
		["retry", -1],
		["retry", 1.5],
		["retry", 2 ** 53],
		["retry", Number.NaN],
		["retry", Number.POSITIVE_INFINITY],
		["retry", "500"],
		["retry", "1\ndata: forged"],
		["retry", true],
		["retry", 5n],
		["retry", {}],
	];
	const titled = refused.map(([field, value]) => ({ field, value, shown: inspect(value) }));
	test.each(titled)("refuses $field: $shown, and names the field", ({ field, value }) => {
		const make = () => new Message("x", { [field]: value } as MessageOptions);
		expect(make).toThrow(TypeError);
		expect(make).toThrow(new RegExp(`^Message ${field} (as a number )?must `));
	});
});

describe("toString()", () => {
	const carried: [what: string, data: unknown, text: string][] = [
		["a string as it is", '{"a": 1}', '{"a": 1}'],
		["an object as JSON", { a: [1, null, "é"] }, '{"a":[1,null,"é"]}'],
		["null", null, "null"],
		["false", false, "false"],
		["a number", 1.5, "1.5"],
		["an empty array", [], "[]"],
		["a Date as its text", new Date(0), "1970-01-01T00:00:00.000Z"],
		["what its toJSON makes a string", { toJSON: () => 'a\n"b"' }, 'a\n"b"'],
		["a String object as its text", Object("text"), "text"],
		["a string within an array as JSON", ["a"], '["a"]'],
	];
	test.each(carried)("writes %s", (_, data, text) => {
		expect(onlyEvent(new Message(data).toString()).data).toBe(text);
		expect(`${new Message(data)}`).toBe(`data:${text.replace("\n", "\ndata:")}\n\n`);
	});

	const uncarried: [what: string, data: unknown, says: RegExp][] = [
		["undefined", undefined, /undefined/],
		["a function", () => 1, /a function/],
		["a symbol", Symbol("s"), /a symbol/],
		["a BigInt", 1n, /BigInt/],
		["a BigInt within", { a: [1n] }, /BigInt/],
		["a cycle", cycle, /circular/],
		["a toJSON that returns undefined", { toJSON: () => undefined }, /an object/],
		["a toJSON that throws null", { toJSON: thrower(null) }, /an object/],
		["a toJSON that throws a text", { toJSON: thrower("no") }, /an object/],
	];
	test.each(uncarried)("refuses %s with a TypeError that says what to do", (_, data, says) => {
		const message = new Message(data);
		expect(() => message.toString()).toThrow(TypeError);
		expect(() => message.toString()).toThrow(says);
		expect(() => message.toString()).toThrow(/Pass a string, or/);
	});
});

test("toJSON() has only the fields that are set", () => {
	expect(JSON.stringify(new Message("x"))).toBe('{"data":"x"}');
	expect(JSON.stringify(new Message(null, { type: "", id: 0, retry: 0 }))).toBe(
		'{"data":null,"id":"0","retry":0}',
	);
	expect(Object.keys(new Message("x", { type: "t" }).toJSON())).toEqual(["data", "type"]);
});

describe("equals()", () => {
	const same: [what: string, a: unknown, b: unknown][] = [
		["strings", "a", "a"],
		["objects, whatever the order of their keys", { a: 1, b: [2] }, { b: [2], a: 1 }],
		["null", null, null],
		["NaN", Number.NaN, Number.NaN],
		["0 and -0, which are one in JSON", 0, -0],
		["NaN and null, which are one in JSON", Number.NaN, null],
		["a Date and its text, which are one in JSON", new Date(0), "1970-01-01T00:00:00.000Z"],
		["an undefined property and none", { a: undefined }, {}],
		["one and the same cycle", cycle, cycle],
		["a key named __proto__", JSON.parse('{"__proto__":1}'), JSON.parse('{"__proto__":1}')],
	];
	test.each(same)("is true for %s", (_, a, b) => {
		expect(new Message(a).equals(new Message(b))).toBe(true);
		expect(new Message(b).equals(new Message(a))).toBe(true);
	});

	const different: [what: string, a: unknown, b: unknown][] = [
		["strings", "a", "b"],
		["a number and its text", 1, "1"],
		["an array and an object", ["a"], { 0: "a" }],
		["one key more", { a: 1 }, { a: 1, b: 2 }],
		["another key", { a: 1 }, { b: 1 }],
		["nested values", { a: [1, { b: 2 }] }, { a: [1, { b: 3 }] }],
		["null and an object", null, {}],
		["a key named __proto__", JSON.parse('{"__proto__":1}'), {}],
		["what JSON cannot carry and what is null in JSON", cycle, { toJSON: () => null }],
		["two things that JSON cannot carry", () => 1, () => 1],
	];
	test.each(different)("is false for different %s", (_, a, b) => {
		expect(new Message(a).equals(new Message(b))).toBe(false);
		expect(new Message(b).equals(new Message(a))).toBe(false);
	});

	test("compares type, id and retry, and is false for anything but a message", () => {
		const message = new Message("x", { type: "t", id: 1, retry: 2 });
		expect(message.equals(new Message("x", { type: "t", id: "1", retry: 2 }))).toBe(true);
		for (const other of [{ type: "u" }, { id: 2 }, { retry: 3 }, { type: null }]) {
			const changed = { type: "t", id: 1, retry: 2, ...other };
			expect(message.equals(new Message("x", changed))).toBe(false);
		}
		for (const other of [undefined, null, "x", message.toJSON()]) {
			expect(message.equals(other)).toBe(false);
		}
	});
});

describe("the inspect form of a message", () => {
	const shown: [message: Message, text: string][] = [
		[new Message("foo"), 'Message("foo")'],
		[new Message({ a: "b" }, { type: "t" }), 'Message({"a":"b"}, { type: "t" })'],
		[new Message("", { id: 0, retry: 0 }), 'Message("", { id: "0", retry: 0 })'],
		[new Message(undefined), "Message(undefined)"],
		[new Message(1n), "Message(1)"],
		[new Message(cycle), "Message([object Object])"],
		[new Message(bareCycle), "Message([object Object])"],
	];
	test.each(shown)("%#: is short and never throws", (message, text) => {
		expect(inspect(message)).toBe(text);
		expect(inspect({ message })).toContain(text);
	});
});
