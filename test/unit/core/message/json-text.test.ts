import { describe, expect, test } from "vitest";
import { JsonText, memberText } from "../../../../src/core/message/json-text.ts";
import { ask, scene } from "../stream/kit.ts";
import { parsed } from "./parsed.ts";

/** JSON texts that JSON.parse and JSON.stringify would change. */
const texts = [
	'{"id":1524831183200260097}',
	"12345678901234567890",
	"1.0",
	"1e400",
	"-0",
	'[1.10, 1E2 ,{"a" : 1,"a":2}]',
	'{"data":{"data":"}"},"x":"\\u0041\\"{"}',
	'"text"',
	"null",
	" [ 1 ] ",
	'{\n\t"several": "lines",\n\t"n": 1.0\n}',
];

/** What a client gets: a string's own text, and other values as JSON. */
function asReceived(text: string): string {
	const value: unknown = JSON.parse(text);
	return typeof value === "string" ? value : text.trim();
}

describe.each([undefined, {}])("with history %j", (history) => {
	test.each(texts)("stringify's text is sent unchanged: %s", async (text) => {
		const { sse } = scene({ history, stringify: () => text });
		const response = await ask({ sse }, "channel=a");
		const messages = sse.messages("a");
		const first = messages.next();
		await sse.publish({ any: "thing" }, { channel: "a", type: "t" });
		expect((await first).value?.data).toEqual(JSON.parse(text));
		await sse.close();
		const { events } = parsed(await response.text());
		expect(events).toMatchObject([{ event: "t", data: asReceived(text) }]);
	});

	test.each(texts)("a JsonText is published unchanged: %s", async (text) => {
		const { sse } = scene({ history, stringify: () => '"not asked"' });
		const response = await ask({ sse }, "channel=a");
		await sse.publish(new JsonText(text, "data"), { channel: "a" });
		await sse.close();
		expect(parsed(await response.text()).events).toMatchObject([{ data: asReceived(text) }]);
	});
});

const refused: [what: string, returned: unknown, rule: string][] = [
	["no JSON", "hunter2", "stringify: must be the text of one JSON value."],
	["two values", '1,"id":"2"', "stringify: must be the text of one JSON value."],
	["an empty text", "", "stringify: must be the text of one JSON value."],
	["a number that is not JSON", "NaN", "stringify: must be the text of one JSON value."],
	["undefined", undefined, "stringify: must be JSON text, a string."],
	["an object", { a: 1 }, "stringify: must be JSON text, a string."],
	["a promise", Promise.resolve("1"), "stringify: must be JSON text, a string."],
	["half an emoji", '"\ud83d"', "stringify: must be well-formed Unicode"],
];

test.each(refused)(
	"a stringify that returns %s is refused, and the error names the rule",
	async (_, returned, rule) => {
		const { sse, calls } = scene({ stringify: () => returned as string });
		const error: unknown = await sse.publish(1).catch((error: unknown) => error);
		expect(error).toBeInstanceOf(TypeError);
		expect((error as TypeError).message).toContain(`Cannot publish. ${rule}`);
		expect(`${(error as TypeError).stack} ${(error as TypeError).cause}`).not.toContain("hunter2");
		expect(calls).toEqual([]);
	},
);

test("memberText() returns the member's text as it was written", () => {
	expect(memberText('{"data": 1.0 , "id":2}', "data")).toBe("1.0");
	expect(memberText('{"a":{"data":1},"data":[1e400],"data":[2.0]}', "data")).toBe("[2.0]");
	expect(memberText('{"d\\u0061ta":"\\"}"}', "data")).toBe('"\\"}"');
	expect(memberText("{}", "data")).toBeUndefined();
	expect(memberText('{"a":"data"}', "data")).toBeUndefined();
});
