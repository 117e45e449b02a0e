import { describe, expect, test } from "vitest";
import { ReplyReader, requestFor } from "../../../../src/connectors/upstash/reply-parser.ts";

const encoder = new TextEncoder();

/** What the reader reports for these chunks: `confirmed`, and the payloads. */
function read(channel: string, ...chunks: Uint8Array[]): string[] {
	const told: string[] = [];
	const reader = new ReplyReader(
		requestFor(channel),
		() => told.push("confirmed"),
		(payload) => told.push(payload),
	);
	for (const chunk of chunks) reader.feed(chunk);
	return told;
}

const stream = (channel: string, payloads: string[], between: string, space = " ") =>
	[`subscribe,${channel},1`, ...payloads.map((payload) => `message,${channel},${payload}`)]
		.map((event) => `data:${space}${event}${between}`)
		.join("");

const payloads = [
	"hello",
	"",
	"a,b,,c",
	"é😀漢",
	"  two spaces",
	"data: x",
	"message,chat,y",
	"{}",
];

describe("every form of the stream, cut at each byte, gives the same payloads", () => {
	for (const end of ["\n", "\r\n", "\r"]) {
		for (const blank of [true, false]) {
			for (const space of [" ", ""]) {
				const way = JSON.stringify({ end, blank, space });
				test(way, () => {
					// After a lone \r at the end, it may still be half of a \r
					// .
					const text = stream("chat", payloads, blank ? end + end : end, space);
					const bytes = encoder.encode(`${text}:${end}`);
					const expected = ["confirmed", ...payloads];
					expect(read("chat", bytes)).toEqual(expected);
					for (let cut = 1; cut < bytes.length; cut++) {
						const told = read("chat", bytes.subarray(0, cut), bytes.subarray(cut));
						expect(told, `cut at ${cut}`).toEqual(expected);
					}
					const each = Array.from(bytes, (byte) => Uint8Array.of(byte));
					expect(read("chat", ...each), "a byte at a time").toEqual(expected);
				});
			}
		}
	}
});

test("a line is reported as soon as it is complete, without waiting for a blank line", () => {
	const told: string[] = [];
	const reader = new ReplyReader(
		requestFor("chat"),
		() => told.push("confirmed"),
		(payload) => told.push(payload),
	);
	reader.feed(encoder.encode("data: subscribe,chat,1\n"));
	expect(told).toEqual(["confirmed"]);
	reader.feed(encoder.encode("data: message,chat,one\n"));
	expect(told).toEqual(["confirmed", "one"]);
});

test("with blank lines an event of several lines is one payload", () => {
	const text =
		"data: subscribe,chat,1\n\ndata: message,chat,one\ndata: message,chat,two\ndata:\n\n";
	expect(read("chat", encoder.encode(text))).toEqual(["confirmed", "one\nmessage,chat,two\n"]);
});

test("comments, unknown fields and replies of other channels are ignored", () => {
	const text = [
		": welcome",
		"nonsense",
		"data: message,chat,before the confirmation",
		"retry: 10",
		"data: subscribe,chat,1",
		"",
		": beat",
		"",
		"data: message,chatter,of another channel",
		"",
		"data: unsubscribe,chat,0",
		"",
		"event: message",
		"id: 7",
		"data: message,chat,here",
		"",
		"",
	];
	expect(read("chat", encoder.encode(text.join("\n")))).toEqual(["confirmed", "here"]);
});

test.for(["a,b", "a\nb", "a\r\nb", "message,", "a\rb", "é😀", " a "])(
	"the channel's name is not part of the payload: %j",
	(channel) => {
		const lines = [`subscribe,${channel},1`, `message,${channel},x,y`].map((event) =>
			event.split(/\r\n|\r|\n/).map((line) => `data: ${line}\n`),
		);
		const text = lines.map((event) => `${event.join("")}\n`).join("");
		expect(read(channel, encoder.encode(text))).toEqual(["confirmed", "x,y"]);
	},
);

test("any name becomes one segment of the path", () => {
	for (const name of [
		"a/../../get/secret",
		"..%2f",
		"%2e%2e",
		"a?x=1#f",
		"a b",
		"\\..\\",
		"…",
		"\0",
	]) {
		const { pathname, search, hash } = new URL(`https://host${requestFor(name).path}`);
		expect([pathname, search, hash]).toEqual([`/subscribe/${encodeURIComponent(name)}`, "", ""]);
		expect(decodeURIComponent(pathname.slice("/subscribe/".length))).toBe(name);
	}
});

test('the names "." and "..", which no path can hold, are requested by a pattern that matches only them', () => {
	for (const [name, pattern] of [
		[".", "[.]"],
		["..", "[.][.]"],
	] as const) {
		const { pathname } = new URL(`https://host${requestFor(name).path}`);
		expect(decodeURIComponent(pathname)).toBe(`/psubscribe/${pattern}`);
		const text = `data: psubscribe,${pattern},1\n\ndata: pmessage,${pattern},${name},x,y\n\n`;
		expect(read(name, encoder.encode(text))).toEqual(["confirmed", "x,y"]);
	}
});
