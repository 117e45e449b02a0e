import { describe, expect, test } from "vitest";
import { encode } from "../../../../src/core/message/encode.ts";
import { decode } from "../../../../src/core/message/envelope.ts";
import { Message, type MessageOptions } from "../../../../src/core/message/message.ts";
import { onlyEvent, parsed } from "./parsed.ts";

/**
 * What flask-sse 1.0 does, by its documentation and its behaviour: `str(message)`, and the
 * `json.dumps(message.to_dict())` that it puts into Redis.
 */
interface Vector {
	what: string;
	data: unknown;
	options?: MessageOptions;
	/** `str(message)` of the same message. */
	flask: string;
	/** What flask-sse publishes for it. */
	redis: string;
}

const same: Vector[] = [
	{ what: 'Message("foo")', data: "foo", flask: "data:foo\n\n", redis: '{"data": "foo"}' },
	{
		what: 'Message({"message": "Hello!"})',
		data: { message: "Hello!" },
		flask: 'data:{"message": "Hello!"}\n\n',
		redis: '{"data": {"message": "Hello!"}}',
	},
	{
		what: 'Message("foo\\nbar")',
		data: "foo\nbar",
		flask: "data:foo\ndata:bar\n\n",
		redis: '{"data": "foo\\nbar"}',
	},
	{
		what: 'Message("foo", type="example", id=5, retry=500)',
		data: "foo",
		options: { type: "example", id: 5, retry: 500 },
		flask: "event:example\ndata:foo\nid:5\nretry:500\n\n",
		redis: '{"data": "foo", "type": "example", "id": 5, "retry": 500}',
	},
	{ what: "Message(None)", data: null, flask: "data:null\n\n", redis: '{"data": null}' },
	{ what: "Message(True)", data: true, flask: "data:true\n\n", redis: '{"data": true}' },
	{ what: "Message(1.5)", data: 1.5, flask: "data:1.5\n\n", redis: '{"data": 1.5}' },
	{ what: "Message([])", data: [], flask: "data:[]\n\n", redis: '{"data": []}' },
	{
		what: 'Message("é")',
		data: "é",
		flask: "data:é\n\n",
		redis: '{"data": "\\u00e9"}',
	},
	{
		what: 'Message(["é", 1])',
		data: ["é", 1],
		flask: 'data:["\\u00e9", 1]\n\n',
		redis: '{"data": ["\\u00e9", 1]}',
	},
	{
		what: 'Message("a\\n\\nb")',
		data: "a\n\nb",
		flask: "data:a\ndata:\ndata:b\n\n",
		redis: '{"data": "a\\n\\nb"}',
	},
	{
		what: 'Message("foo", type="")',
		data: "foo",
		options: { type: "" },
		flask: "data:foo\n\n",
		redis: '{"data": "foo"}',
	},
];

describe("the same as in flask-sse", () => {
	test.each(same)("$what published by Flask is streamed byte for byte as Flask would", (vector) => {
		expect(decode(vector.redis).frame).toBe(vector.flask);
	});

	test.each(same)("$what published from here reads the same in Flask", (vector) => {
		const message = new Message(vector.data, vector.options);
		const { id, ...published } = JSON.parse(encode(message));
		const { id: pythons, ...flasks } = JSON.parse(vector.redis);
		expect(published).toEqual(flasks);
		// Ids are strings here. On the wire there is no difference.
		expect(id).toBe(pythons === undefined ? undefined : String(pythons));
		expect(decode(vector.redis).message.equals(message)).toBe(true);
	});

	test.each(same)("$what has a text that means the same event", (vector) => {
		const text = new Message(vector.data, vector.options).toString();
		const [own, flasks] = [onlyEvent(text), onlyEvent(vector.flask)];
		expect({ ...own, data: meaning(own.data) }).toEqual({ ...flasks, data: meaning(flasks.data) });
	});

	test("equals() agrees with flask-sse's comparison", () => {
		expect(new Message("abc").equals(new Message("abc"))).toBe(true);
		expect(new Message("abc").equals(new Message("abc", { type: "example" }))).toBe(false);
		expect(new Message("abc").equals(new Message("def"))).toBe(false);
	});

	test("toJSON() has only the fields that are set", () => {
		expect(new Message("foo").toJSON()).toEqual({ data: "foo" });
		expect(new Message("foo", { type: "example", retry: 500 }).toJSON()).toEqual({
			data: "foo",
			type: "example",
			retry: 500,
		});
	});
});

/**
 * Each deliberate difference: what flask-sse writes, what a browser reads of it, and what this library does.
 */
describe("different from flask-sse", () => {
	test('"" is an event with empty data; flask-sse sends no event', () => {
		expect(parsed("\n\n").events).toEqual([]);
		expect(onlyEvent(new Message("").toString()).data).toBe("");
	});

	test("a trailing line end is kept; flask-sse loses it", () => {
		expect(onlyEvent("data:foo\n\n").data).toBe("foo");
		expect(onlyEvent(new Message("foo\n").toString()).data).toBe("foo\n");
	});

	test("an id of 0 is kept; flask-sse takes it for absent", () => {
		expect(onlyEvent(new Message("foo", { id: 0 }).toString()).id).toBe("0");
		expect(onlyEvent(decode('{"data": "foo", "id": 0}').frame).id).toBe("0");
		expect(JSON.parse(encode(new Message("foo", { id: 0 })))).toEqual({ data: "foo", id: "0" });
	});

	test('an id of "" is kept and resets the client\'s; flask-sse takes it for absent', () => {
		expect(onlyEvent(new Message("foo", { id: "" }).toString()).id).toBe("");
	});

	test("a retry of 0 is kept; flask-sse takes it for absent", () => {
		expect(onlyEvent(new Message("foo", { retry: 0 }).toString()).retry).toBe(0);
		expect(onlyEvent(decode('{"data": "foo", "retry": 0}').frame).retry).toBe(0);
	});

	test("a leading space is kept; with flask-sse the browser removes it", () => {
		expect(onlyEvent("data: foo\n\n").data).toBe("foo");
		expect(onlyEvent(new Message(" foo").toString()).data).toBe(" foo");
	});

	test.each([..."\u000b\u000c\u001c\u001d\u001e\u0085\u2028\u2029"])(
		"%j is kept; flask-sse's splitlines makes it a line end",
		(character) => {
			const data = `foo${character}bar`;
			expect(onlyEvent("data:foo\ndata:bar\n\n").data).toBe("foo\nbar");
			expect(onlyEvent(new Message(data).toString()).data).toBe(data);
		},
	);

	test("ids become strings; flask-sse keeps the type that was given", () => {
		expect(new Message("foo", { id: 5 }).id).toBe("5");
		expect(decode('{"data": "foo", "id": 5}').message.id).toBe("5");
	});

	test.each([
		["type", { type: "a\ndata:forged\n\n" }],
		["type", { type: "a\rdata:forged\r\r" }],
		["id", { id: "1\ndata:forged\n\n" }],
		["retry", { retry: "1\ndata:forged\n\n" as unknown as number }],
	])(
		"a line end in %s is refused at construction, and a foreign message with it is dropped",
		(_, options) => {
			expect(() => new Message("foo", options)).toThrow(TypeError);
			expect(() => decode(JSON.stringify({ data: "foo", ...options }))).toThrow(
				expect.objectContaining({ code: "bad_message" }),
			);
		},
	);

	test("data cannot inject fields, as in flask-sse", () => {
		const { events } = parsed(new Message("a\n\ndata:forged\r\n\r\nid:1").toString());
		expect(events).toEqual([{ data: "a\n\ndata:forged\n\nid:1", event: undefined, id: undefined }]);
	});

	test("an object is written without Python's spaces, and non-ASCII characters stay unescaped", () => {
		expect(new Message({ a: ["é"] }).toString()).toBe('data:{"a":["é"]}\n\n');
	});

	test("the inspect form is JavaScript's own, not Python's repr", () => {
		const repr = Symbol.for("nodejs.util.inspect.custom");
		const message = new Message("foo", { type: "example", id: 5, retry: 500 });
		const inspect: unknown = Reflect.get(message, repr);
		if (typeof inspect !== "function") throw new Error("there is no inspect form");
		expect(inspect.call(message)).toBe('Message("foo", { type: "example", id: "5", retry: 500 })');
	});

	test("NaN and Infinity, which Python writes and JSON does not allow, are dropped", () => {
		for (const word of ["NaN", "Infinity", "-Infinity"]) {
			expect(() => decode(`{"data": ${word}}`)).toThrow(
				expect.objectContaining({ code: "bad_message" }),
			);
		}
	});
});

/** The value of JSON data, so that spaces and escapes do not matter. */
function meaning(data: string): unknown {
	return /^[[{]/.test(data) ? JSON.parse(data) : data;
}
