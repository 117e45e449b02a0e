import { describe, expect, test } from "vitest";
import { decode } from "../../../../src/core/message/envelope.ts";
import { Message } from "../../../../src/core/message/message.ts";
import { ask, open, scene, told } from "../stream/kit.ts";
import { parsed } from "./parsed.ts";

const badIds: [what: string, id: string, rule: RegExp][] = [
	["5,000 characters", "i".repeat(5_000), /at most 1024 bytes/],
	["1,025 characters", "i".repeat(1_025), /at most 1024 bytes/],
	["1,026 bytes in 513 characters", "é".repeat(513), /at most 1024 bytes/],
	["1,028 bytes of emoji", "😀".repeat(257), /at most 1024 bytes/],
	["a control character", "a\u0001b", /control character/],
	["an escape", "a\x1b[2Jb", /control character/],
	["a tab at the end", "a\t", /control character/],
	["DEL", "a\x7f", /control character/],
	["a C1 control", "a\x9f", /control character/],
	["NEL", "a\x85b", /control character/],
	["half an emoji", "a\ud83d", /lone surrogate/],
	["the other half", "\ude00", /lone surrogate/],
	["a space at its beginning", " a", /begin or end with a space/],
	["a space at its end", "a ", /begin or end with a space/],
	["nothing but a space", " ", /begin or end with a space/],
	["a no-break space at its end", "a\u00a0", /begin or end with a space/],
];
const goodIds = ["", "0", "i".repeat(1_024), "é".repeat(512), "a b", "😀", '"\\', "-1", "x\u2028x"];

const badTypes: [what: string, type: string, rule: RegExp][] = [
	["100,000 characters", "t".repeat(100_000), /at most 256 bytes/],
	["257 characters", "t".repeat(257), /at most 256 bytes/],
	["258 bytes in 129 characters", "é".repeat(129), /at most 256 bytes/],
	["NUL", "a\0", /control or format character/],
	["a tab", "a\tb", /control or format character/],
	["a C1 control", "a\x85", /control or format character/],
	["a zero-width space", "a\u200bb", /control or format character/],
	["a soft hyphen", "a\u00adb", /control or format character/],
	["a change of direction", "a\u202eb", /control or format character/],
	["a byte order mark", "\ufeffa", /control or format character/],
	["a tag character", "a\u{e0041}", /control or format character/],
	["half an emoji", "a\ud83d", /lone surrogate/],
];
const goodTypes = ["t".repeat(256), "é".repeat(128), "a b", "sse", "ssex.gap", "x.sse.gap", "ß.x"];

/** Types that cannot be told from the library's own, or hardly so by a person. */
const forgedTypes = [
	...["sse.gap", "sse.ping", "sse.retry", "sse.", "sse.x"],
	...["SSE.gap", "Sse.ping", "sSe.", "ſse.gap", "ße.gap", "ẞe.gap"],
	...[
		"ｓｓｅ.gap",
		"sse．gap",
		"ｓｓｅ．ｇａｐ",
		"sse․gap",
		"sse…gap",
		"𝓼𝓼𝓮.gap",
		"ⓢⓢⓔ.gap",
		"ˢˢᵉ.gap",
	],
	...[" sse.gap", "sse .gap", "\u00a0sse.gap", "s s e . gap", "sse\u3000.gap", "\u2028sse.gap"],
	...["sse\ufe0f.gap", "s\u0301se.gap", "śsé.gap", "sse\u034f.gap", "\u3164sse.gap", "\u115fsse."],
	...["ѕѕе.gap", "ЅЅЕ.gap", "sѕe.gap", "ꓢꓢꓰ.gap", "sse。gap", "sse·gap", "ꜱꜱe.gap", "ᏚᏚᎬ.gap"],
];
const invisible = [
	"sse\u200b.gap",
	"\u200bsse.gap",
	"sse.\u2060gap",
	"\ufeffsse.gap",
	"s\u00adse.",
];

const badRetries = [86_400_001, Number.MAX_SAFE_INTEGER, 2 ** 31, -1, 0.5];

describe("Message refuses fields that break a rule", () => {
	test.each(badIds)("an id with %s", (_, id, rule) => {
		expect(() => new Message("x", { id })).toThrow(rule);
		expect(() => new Message("x", { id })).toThrow(/^Message id must .*\.$/);
		expect(() => new Message("x", { id })).toThrow(TypeError);
	});

	test.each(badTypes)("a type with %s", (_, type, rule) => {
		expect(() => new Message("x", { type })).toThrow(rule);
		expect(() => new Message("x", { type })).toThrow(/^Message type must .*\.$/);
		expect(() => new Message("x", { type })).toThrow(TypeError);
	});

	test.each(badRetries)("a retry of %s", (retry) => {
		expect(() => new Message("x", { retry })).toThrow(/^Message retry must .* 0 to 86400000/);
	});

	test("Message accepts fields at the limits of the rules", () => {
		for (const id of goodIds) expect(new Message("x", { id }).id).toBe(id);
		for (const type of goodTypes) expect(new Message("x", { type }).type).toBe(type);
		expect(new Message("x", { retry: 86_400_000 }).retry).toBe(86_400_000);
	});
});

describe.each([undefined, {}])("publish() with history %j", (history) => {
	test("refuses every field that breaks a rule, and sends nothing", async () => {
		const it = scene({ history });
		const refused = [
			...badIds.map(([, id]) => ({ id })),
			...badTypes.map(([, type]) => ({ type })),
			...badRetries.map((retry) => ({ retry })),
			...[...forgedTypes, ...invisible].map((type) => ({ type })),
			...[["x"], {}, 1, true, ["sse.gap"]].map((type) => ({ type: type as unknown as string })),
		];
		for (const options of refused) {
			const error: unknown = await it.sse.publish("x", options).catch((error: unknown) => error);
			expect(error, JSON.stringify(options).slice(0, 80)).toBeInstanceOf(TypeError);
			const [field] = Object.keys(options);
			expect((error as Error).message).toMatch(
				new RegExp(`^(Message ${field} must |Cannot publish\\. ${field}: )`),
			);
			expect((error as Error).message.length).toBeLessThan(200);
		}
		expect(it.calls).toEqual([]);
	});

	test("sends types that only resemble the library's own", async () => {
		const it = scene({ history });
		const client = await open(it, "channel=a");
		for (const type of goodTypes) await it.sse.publish("x", { type, channel: "a" });
		await client.data(goodTypes.length);
		expect(client.events.map(({ event }) => event)).toEqual(goodTypes);
	});
});

/** Publishes as another program or an older version would, with any fields. */
function foreign(it: ReturnType<typeof scene>, fields: object): Promise<unknown> {
	return it.broker.publish("a", JSON.stringify({ data: "foreign", ...fields }));
}

describe.each([undefined, {}])("messages of a foreign publisher, with history %j", (history) => {
	test("a type that breaks a rule or imitates the library's own is dropped and reported", async () => {
		const it = scene({ history });
		const client = await open(it, "channel=a");
		const types = [...badTypes.map(([, type]) => type), ...forgedTypes, ...invisible];
		for (const type of types) await foreign(it, { type });
		await it.sse.publish("honest", { channel: "a" });
		expect(await client.data(1)).toEqual(["honest"]);
		expect(it.sse.stats().droppedMessages).toBe(types.length);
		expect(told(it)[0]).toMatch(/^decode: Dropped a message/);
	});

	test("a retry of more than a day is left out, and the message is sent", async () => {
		const it = scene({ history });
		const response = await ask(it, "channel=a");
		for (const retry of [86_400_001, Number.MAX_SAFE_INTEGER]) await foreign(it, { retry });
		await foreign(it, { retry: 86_400_000 });
		await it.sse.close();
		const { events, retries } = parsed(await response.text());
		expect(events.map(({ data }) => data)).toEqual(["foreign", "foreign", "foreign"]);
		// The last one is the library's own, at the end of the stream.
		expect(retries.slice(0, -1)).toEqual([86_400_000]);
	});
});

const foreignIds = [...badIds.map(([, id]) => id), "a\nb", "a\r", "\0", {}, ["1"], 1.5, true];

test("without history a foreign message with a bad id is dropped and reported", async () => {
	const it = scene();
	const client = await open(it, "channel=a");
	for (const id of foreignIds) await foreign(it, { id });
	await it.sse.publish("honest", { channel: "a", id: "1" });
	expect(await client.data(1)).toEqual(["honest"]);
	expect(it.sse.stats().droppedMessages).toBe(foreignIds.length);
	expect(told(it)[0]).toMatch(/^decode: Dropped a message\. Message id must /);
});

test("with history a foreign message is sent, and its bad id is ignored", async () => {
	const it = scene({ history: {} });
	const client = await open(it, "channel=a");
	for (const id of foreignIds) await foreign(it, { id });
	expect(await client.data(foreignIds.length)).toHaveLength(foreignIds.length);
	expect(client.events.every(({ id }) => /^\d+-\d+$/.test(id ?? ""))).toBe(true);
	expect(told(it)).toEqual([]);
});

test("messages that an older version stored are checked when they are read", async () => {
	const it = scene({ history: {} });
	await foreign(it, { type: "SSE.gap" });
	await foreign(it, { type: "sse.ping" });
	await foreign(it, { retry: Number.MAX_SAFE_INTEGER });
	const client = await open(it, "channel=a&lastEventId=0");
	expect(await client.data(1)).toEqual(["foreign"]);
	expect([client.events.length, client.gaps]).toEqual([1, []]);
	expect(client.text).not.toContain("retry");
});

test("half an emoji is replaced in a string, and survives in JSON", async () => {
	const it = scene();
	const client = await open(it, "channel=a");
	const halves = "😀".split("");
	for (const half of halves) await it.sse.publish(half, { channel: "a" });
	for (const token of halves) await it.sse.publish({ token }, { channel: "a" });
	const [first, second, ...parts] = (await client.data(4)) as string[];
	expect([first, second]).toEqual(["\ufffd", "\ufffd"]);
	expect(parts.map((part) => JSON.parse(part).token).join("")).toBe("😀");
});

test("a Date has the same text in toString() and after encoding", async () => {
	const date = new Date(1_700_000_000_000);
	const it = scene();
	const client = await open(it, "channel=a");
	await it.sse.publish(date, { channel: "a" });
	await client.data(1);
	expect(client.text).toContain(new Message(date).toString());
	expect(decode(JSON.stringify(new Message(date))).frame).toBe(new Message(date).toString());
});
