import fc from "fast-check";
import { expect, test } from "vitest";
import { encode } from "../../../../src/core/message/encode.ts";
import { decode } from "../../../../src/core/message/envelope.ts";
import { dataText } from "../../../../src/core/message/json-data.ts";
import { Message, type MessageOptions } from "../../../../src/core/message/message.ts";
import { onlyEvent } from "./parsed.ts";

// Random text hardly ever contains the characters that matter to the format, so they are mixed in.
const critical = fc.constantFrom(
	..."\r\n :\0\t{}[],\"'\\0",
	..."\r\n,data:,event:,id:,retry:,\u2028,\u0085,\ufeff,é,😀,\ud800".split(","),
);
const text = fc
	.array(fc.oneof(critical, fc.string({ unit: "binary", maxLength: 3 })), { maxLength: 12 })
	.map((parts) => parts.join(""));
const type = text.map((value) => value.replaceAll(/[\p{Cc}\p{Cf}]/gu, "").toWellFormed());
const id = text.map((value) =>
	value
		.replaceAll(/\p{Cc}/gu, "")
		.toWellFormed()
		.trim(),
);

const data = fc.oneof(text, fc.jsonValue(), fc.dictionary(text, fc.jsonValue()));
const options: fc.Arbitrary<MessageOptions> = fc.record(
	{
		type: fc.option(type),
		id: fc.option(fc.oneof(id, fc.maxSafeInteger())),
		retry: fc.option(fc.nat({ max: 86_400_000 })),
	},
	{ requiredKeys: [] },
);
// The same seed every time, so that a failure can be repeated.
const runs = { numRuns: 2_000, seed: 20_260_712 };

test("any message is parsed as exactly one event with all its fields", () => {
	fc.assert(
		fc.property(data, options, (data, options) => {
			const message = new Message(data, options);
			expect(onlyEvent(message.toString())).toEqual({
				data: dataText(data).replaceAll(/\r\n?/g, "\n"),
				event: message.type,
				id: message.id,
				retry: message.retry,
			});
		}),
		runs,
	);
});

test("decode() of an encoded message gives an equal message and the same frame", () => {
	fc.assert(
		fc.property(data, options, (data, options) => {
			const message = new Message(data, options);
			const decoded = decode(encode(message));
			expect(decoded.message.equals(message)).toBe(true);
			expect(message.equals(decoded.message)).toBe(true);
			expect(decoded.frame).toBe(message.toString());
		}),
		runs,
	);
});

test("the frame has the data's own text, whatever the layout of the envelope", () => {
	const indent = fc.constantFrom(undefined, 1, "\t");
	const keys = fc.shuffledSubarray(["data", "type", "id", "retry"], { minLength: 4 });
	fc.assert(
		fc.property(fc.jsonValue(), indent, keys, fc.constant("word"), (data, indent, keys, word) => {
			const fields: Record<string, unknown> = { data, type: word, id: word, retry: 0 };
			const ordered = Object.fromEntries(keys.map((key) => [key, fields[key]]));
			const payload = JSON.stringify(ordered, null, indent);
			const sent = onlyEvent(decode(payload).frame).data;
			if (typeof data === "string") {
				expect(sent).toBe(data.replaceAll(/\r\n?/g, "\n"));
			} else {
				expect(JSON.parse(sent)).toEqual(JSON.parse(JSON.stringify(data)));
				expect(payload).toContain(`"data":${indent === undefined ? "" : " "}${sent}`);
			}
		}),
		runs,
	);
});
