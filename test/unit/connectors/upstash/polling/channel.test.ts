import { describe, expect, test } from "vitest";
import { PolledChannel } from "../../../../../src/connectors/upstash/polling/channel.ts";
import { Recorder } from "../../../../../src/testing.ts";

const maxAge = 1_000;
const birth = (ms: number) => [`${ms}-0`, ["birth", ""]] as const;
const message = (id: string) => [id, ["m", `{"data":"${id}"}`]] as const;
const payload = (id: string) => `{"id":"${id}","data":"${id}"}`;

/** A channel that was read from `head` on at `now` ms of the broker's clock, when nothing new had come. */
function setUp(head: string, now = 10_000) {
	const recorder = new Recorder();
	const channel = new PolledChannel(head, { stream: "key", maxAge }, recorder);
	channel.take(now, head.startsWith("~") ? [] : [message(head)], true);
	expect([recorder.messages, recorder.events]).toEqual([[], []]);
	return { channel, recorder };
}

const gap = ["lost", "restored"];

describe("a channel with a known last message", () => {
	test("passes on what follows it, and moves the position to the end of the page", () => {
		const { channel, recorder } = setUp("9500-0");
		expect(channel.position).toBe("9500-0");
		const page = [message("9500-0"), message("10100-0"), message("10100-1")];
		expect(channel.take(10_200, page, true)).toBe(2);
		expect(recorder.messages).toEqual([payload("10100-0"), payload("10100-1")]);
		expect(channel.position).toBe("10100-1");
		expect(recorder.events).toEqual([]);
	});

	test.for([
		["it was trimmed, so others may have been as well", [message("10100-0")], [payload("10100-0")]],
		["it was deleted with all others", [], []],
		["the channel was emptied", [["10100-0", ["forgotten", ""]]], []],
		[
			"the channel was deleted and began again",
			[birth(10_100), message("10100-1")],
			[payload("10100-1")],
		],
	] as const)("reports a gap: %s", ([, page, messages]) => {
		const { channel, recorder } = setUp("9500-0");
		channel.take(10_200, page, true);
		expect(recorder.events).toEqual(gap);
		expect(recorder.messages).toEqual(messages);
		// Later messages are passed on as usual.
		channel.take(10_300, [...page.slice(-1), message("10250-0")], true);
		if (page.length > 0) expect(recorder.events).toEqual(gap);
		expect(recorder.messages.at(-1)).toBe(payload("10250-0"));
	});

	test("reports no gap when the last message expired, with or without a long silence after it", () => {
		const fresh = setUp("9500-0");
		fresh.channel.take(10_700, [birth(10_600), message("10600-1")], true);
		expect(fresh.recorder.events).toEqual([]);
		expect(fresh.recorder.messages).toEqual([payload("10600-1")]);

		const { channel, recorder } = setUp("9500-0");
		channel.take(10_600, [], true);
		for (let now = 11_000; now < 20_000; now += 400) channel.take(now, [], true);
		channel.take(20_100, [birth(20_000), message("20000-1")], true);
		expect(recorder.events).toEqual([]);
		expect(recorder.messages).toEqual([payload("20000-1")]);
	});

	test("reports a gap when polls failed for longer than messages are kept", () => {
		const { channel, recorder } = setUp("9500-0");
		channel.take(11_500, [], true);
		expect(recorder.events).toEqual(gap);
	});

	test("an incomplete page does not count as having seen everything", () => {
		const { channel, recorder } = setUp("9500-0");
		channel.take(10_900, [message("9500-0"), message("9900-0")], false);
		// After 10,000 a message may have come, and expired before the birth at 11,000.
		channel.take(11_100, [birth(11_000), message("11000-1")], true);
		expect(recorder.events).toEqual(gap);
	});
});

describe("a channel that was empty", () => {
	test("passes on everything since its birth", () => {
		const { channel, recorder } = setUp("~9900-0");
		expect(channel.position).toBe("-");
		expect(channel.take(10_500, [birth(10_400), message("10400-1")], true)).toBe(2);
		expect(recorder.messages).toEqual([payload("10400-1")]);
		expect(recorder.events).toEqual([]);
	});

	test("passes on everything when the broker's successor has a clock that is behind", () => {
		const { channel, recorder } = setUp("~9900-0");
		channel.take(9_000, [birth(8_900), message("8900-1")], true);
		expect(recorder.messages).toEqual([payload("8900-1")]);
		expect(recorder.events).toEqual([]);
	});

	test("reports a gap when another store took its place that began long before", () => {
		const { channel, recorder } = setUp("~900000-0", 900_000);
		channel.take(900_100, [birth(800_000), message("800000-1")], true);
		expect(recorder.events).toEqual(gap);
	});

	test.for([
		["its birth was trimmed", 10_500, [message("10400-1")]],
		["a life of it may have begun and ended since", 11_500, []],
	] as const)("reports a gap: %s", ([, now, page]) => {
		const { channel, recorder } = setUp("~9900-0");
		channel.take(now, page, true);
		expect(recorder.events).toEqual(gap);
	});
});

test("a loss is reported once, and ends with the next page", () => {
	const { channel, recorder } = setUp("9500-0");
	const error = new Error("gone") as never;
	channel.lose(error);
	channel.lose(error);
	channel.take(10_100, [], true);
	expect(recorder.events).toEqual(gap);
});

test("nothing is reported after end(), not even from the same page", () => {
	const messages: string[] = [];
	const channel: PolledChannel = new PolledChannel(
		"9500-0",
		{ stream: "key", maxAge },
		{
			...new Recorder(),
			onMessage: (text) => {
				messages.push(text);
				channel.end();
			},
		},
	);
	channel.take(10_000, [message("9500-0"), message("9600-0"), message("9700-0")], true);
	expect(messages).toEqual([payload("9600-0")]);
});
