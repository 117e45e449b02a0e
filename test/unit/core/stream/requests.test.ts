import { expect, test, vi } from "vitest";
import { expectRefused, open, read, request, scene, told } from "./kit.ts";

const many = (each: (n: number) => string) =>
	Array.from({ length: 10_000 }, (_, n) => each(n)).join("&");
const megabyte = "x".repeat(1_048_576);

test.for<[what: string, query: string, headers: Record<string, string>, rule: RegExp]>([
	["10,000 channels", many((n) => `channel=${n}`), {}, /at most 32 .* got 10000/],
	["one channel 10,000 times", many(() => "channel=a"), {}, /at most 32 .* got 10000/],
	[
		"10,000 channels with long names",
		many((n) => `channel=${"x".repeat(500)}${n}`),
		{},
		/^url: has at most/,
	],
	["33 channels", Array.from({ length: 33 }, (_, n) => `channel=${n}`).join("&"), {}, /at most 32/],
	["a name of 513 characters", `channel=${"é".repeat(513)}`, {}, /at most 512 characters, got 513/],
	["a megabyte of a name", `channel=${megabyte}`, {}, /^url: has at most/],
	["a megabyte in another parameter", `channel=a&token=${megabyte}`, {}, /^url: has at most/],
	["a megabyte of Last-Event-ID", "channel=a", { "last-event-id": megabyte }, /^Last-Event-ID: /],
	[
		"5,000 characters of Last-Event-ID",
		"channel=a",
		{ "last-event-id": "0.".repeat(2_500) },
		/^Last-Event-ID: /,
	],
	[
		"5,000 characters of lastEventId in the query",
		`lastEventId=${"0".repeat(5_000)}`,
		{},
		/^Last-Event-ID: /,
	],
])(
	"%s: a 400 that names the rule, before authorize and at little cost",
	async ([, query, headers, rule]) => {
		const authorize = vi.fn(() => true);
		const it = scene({ authorize, history: {} });
		const asked = request(query, { headers });
		const begin = process.threadCpuUsage();
		const error = await expectRefused(await it.sse.fetch(asked), 400, rule);
		const { user } = process.threadCpuUsage(begin);
		// A generous limit: these take at most 10 ms.
		expect(user / 1_000, "ms of processor time").toBeLessThan(500);
		expect(error.length).toBeLessThan(100);
		expect([authorize.mock.calls, it.calls]).toEqual([[], []]);
	},
);

test.for<[what: string, query: string]>([
	["32 channels", Array.from({ length: 32 }, (_, n) => `channel=${n}`).join("&")],
	[
		"32 names of 512 characters, each as long as it can be written",
		Array.from({ length: 32 }, (_, n) => `channel=${encodeURIComponent("€".repeat(510) + n)}`).join(
			"&",
		),
	],
	["an id of 4,000 characters, as a publisher may give one", `lastEventId=${"i".repeat(4_000)}`],
	["a token of 8 kB", `channel=a&token=${"x".repeat(8_192)}`],
])("%s is accepted", async ([, query]) => {
	await open(scene(), query);
});

/** What a runtime may make of the bytes of an EventSource's id, and what other clients send. */
const strangeIds: [what: string, id: string][] = [
	["of 5,000 characters", "i".repeat(5_000)],
	["of 16 kB, which is as much as a server accepts", "i".repeat(16_000)],
	["in UTF-8, read as Latin-1", Buffer.from("é😀").toString("latin1")],
	["of bytes that are no UTF-8", "\xff\xfe"],
	["with a DEL character", "a\x7f"],
	["that looks like a header", "a: b"],
	["of spaces", "a   b"],
];

test.for(strangeIds)("without history an id %s is ignored", async ([, id]) => {
	const it = scene();
	const clients = [
		await open(it, "channel=a", { headers: { "last-event-id": id } }),
		await open(it, `channel=a&lastEventId=${encodeURIComponent(id)}`),
	];
	await it.sse.publish("x", { channel: "a" });
	for (const client of clients) expect(await client.data(1)).toEqual(["x"]);
});

test.for(strangeIds.slice(2))("with history an id %s is a gap", async ([, id]) => {
	const it = scene({ history: {} });
	for (const names of ["channel=a", "channel=a&channel=b"]) {
		const clients = [
			await open(it, names, { headers: { "last-event-id": id } }),
			await open(it, `${names}&lastEventId=${encodeURIComponent(id)}`),
		];
		const gaps = names.split("&").length;
		for (const client of clients) {
			await client.when(() => client.gaps.length === gaps, "the gaps");
			client.close();
		}
	}
});

test("with history an unknown id of the greatest length is a gap", async () => {
	const it = scene({ history: {} });
	const id = "i".repeat(4_096);
	const client = await open(it, "channel=a", { headers: { "last-event-id": id } });
	await client.when(() => client.gaps.length === 1, "the gap");
});

test("a control character in the query's id is not refused", async () => {
	for (const [history, gaps] of [
		[undefined, 0],
		[{}, 1],
	] as const) {
		const it = scene({ history });
		const client = await open(it, "channel=a&lastEventId=a%01%0d%0ab%00");
		await it.sse.publish("x", { channel: "a" });
		await client.data(1 + gaps);
		expect(client.gaps).toHaveLength(gaps);
	}
});

test("a lone surrogate in a channel name is refused", async () => {
	const it = scene();
	await expectRefused(await it.sse.stream(request(), { channel: "a\ud800" }), 400, /well-formed/);
	await expect(it.sse.publish("x", { channel: "\udc00" })).rejects.toThrow(
		"Cannot publish. channel: must be well-formed Unicode, without a lone surrogate.",
	);
	expect(() => it.sse.messages("\ud83d")).toThrow(TypeError);
	expect(it.calls).toEqual([]);
});

test("the longest cursor for 600 channels is accepted", async () => {
	const it = scene({ history: {}, limits: { channels: 600 } });
	const query = Array.from({ length: 600 }, (_, n) => `channel=${n}`).join("&");
	const client = await open(it, query);
	const lastEventId = await client.placed();
	expect(lastEventId.split(".")).toHaveLength(601);
	expect(lastEventId.length).toBeGreaterThan(4_096);
	const back = await open(it, query, { headers: { "last-event-id": lastEventId } });
	await it.sse.publish("next", { channel: "599" });
	expect(await back.data(1)).toEqual(["next"]);
	expect(back.gaps).toEqual([]);
});

test("a route with too many channels or too long a name is refused like a request", async () => {
	const it = scene({ limits: { channels: 2 } });
	const long = "x".repeat(513);
	for (const channel of [["a", "b", "c"], long, ["a", long]]) {
		await expectRefused(await it.sse.stream(request(), { channel }), 400, /^channel: /);
	}
	read(await it.sse.stream(request(), { channel: ["a", "x".repeat(512)] }));
});

test.for<[what: string, channel: unknown]>([
	["undefined", undefined],
	["null", null],
	["an empty list", []],
	["an empty name", ""],
	["a list with undefined in it", ["a", undefined]],
	["a list of undefined", [undefined]],
	["a list with an empty name in it", ["a", ""]],
	["a list in a list", [["a"]]],
	["a number", 7],
	["false", false],
])(
	"a route whose channel is %s is a TypeError, and the client does not choose instead",
	async ([, channel]) => {
		const authorize = vi.fn(() => true);
		const it = scene({ authorize });
		for (const method of ["GET", "HEAD", "OPTIONS", "POST"]) {
			const asked = it.sse.stream(request("channel=somebody.elses", { method }), {
				channel: channel as string,
			});
			await expect(asked).rejects.toThrow(
				/^Cannot stream\. channel: must be a name or .*Leave it out to let the client choose by \?channel=\.$/,
			);
		}
		expect([authorize.mock.calls, it.calls]).toEqual([[], []]);
	},
);

test.for([undefined, null, Number.NaN, "soon", new Date()])(
	"a route whose `expires` is %s is a TypeError",
	async (expires) => {
		const asked = scene().sse.stream(request(), { expires: expires as number });
		await expect(asked).rejects.toThrow(
			/^Cannot stream\. expires: must be a number, .* leave it out/,
		);
	},
);

test("a grant that only has an undefined `expires` is a 500", async () => {
	const session = {} as { expires?: number };
	const it = scene({ authorize: () => ({ expires: session.expires }) });
	await expectRefused(await it.sse.fetch(request()), 500);
	expect(it.reports).toMatchObject([{ stage: "authorize" }]);
	expect(told(it)[0]).toMatch(/expires/);
});
