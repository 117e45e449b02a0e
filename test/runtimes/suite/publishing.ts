import { expect, it } from "vitest";
import { call, json, post, streamUrl } from "../../support/hub-client.ts";
import type { Fixture, HubBroker } from "../fixture.ts";

const mebibyte = 1_048_576;

/** `POST /publish`: what it accepts, and how it refuses. */
export function publishing(fixture: Fixture, broker: HubBroker): void {
	it("answers how many clients received it, zero included", async (t) => {
		const scene = fixture.scene(t);
		const { channel } = scene;
		const hub = fixture.hub(broker);
		const before = await post(hub, { data: "x", channel });
		expect(before).toMatchObject({ status: 200, json: { receivers: 0 } });
		await scene.open(streamUrl(hub, channel));
		const after = await post(hub, { data: "x", channel });
		expect(after).toMatchObject({ status: 200, json: { receivers: 1 } });
	});

	it.for([
		["no data", { type: "x" }, /^data: /],
		["a type with a line break", { data: 1, type: "a\ndata:b" }, /\btype\b/],
		["an id with a line break", { data: 1, id: "a\rb" }, /\bid\b/],
		["an id with NUL", { data: 1, id: "a\0b" }, /\bid\b/],
		["a channel that is no string", { data: 1, channel: [7] }, /\bchannel\b/],
		["no channel in a list", { data: 1, channel: [] }, /\bchannel\b/],
		["an empty channel", { data: 1, channel: "" }, /\bchannel\b/],
		["too long a channel", { data: 1, channel: "x".repeat(513) }, /\bchannel\b.*512/],
		["an unknown field", { data: 1, event: "x" }, /^"event": /],
		["an array of other values", [{ data: 1 }, 7], /^messages\[1\]: .*object/],
		[
			"a message of an array that breaks a rule",
			[{ data: 1 }, { data: 1, retry: -1 }],
			/^messages\[1\]: .*retry/,
		],
		["more than 1,000 messages", Array.from({ length: 1_001 }, () => ({ data: 1 })), /1000/],
		["null", "null", /object/],
		["a string", '"data"', /object/],
		["a body that is no JSON", "data=1", /JSON/],
		["an empty body", "", /JSON/],
	] as const)("refuses %s, naming what is wrong", async ([, body, error], t) => {
		const scene = fixture.scene(t);
		const named =
			typeof body === "object" && !Array.isArray(body) ? { channel: scene.channel, ...body } : body;
		const refused = await post(fixture.hub(broker), named);
		expect(refused.status).toBe(400);
		expect(refused.json).toEqual({ error: expect.stringMatching(error) });
	});

	it("takes an array, and answers a result for each message", async (t) => {
		const scene = fixture.scene(t);
		const { channel } = scene;
		const hub = fixture.hub(broker);
		const [one, other] = [
			await scene.open(streamUrl(hub, channel)),
			await scene.open(streamUrl(hub, `${channel}.b`)),
		];
		const answer = await post(
			hub,
			`[{"data":12345678901234567890,"channel":"${channel}"}, {"data":"b","channel":"${channel}.b"},` +
				`{"data": {"a":[1.0,"]\\"}, {"]}, "channel":"${channel}","type":"t"}]`,
		);
		const results = [{ receivers: 1 }, { receivers: 1 }, { receivers: 1 }];
		expect(answer).toMatchObject({ status: 200, json: results });
		const texts = ["12345678901234567890", '{"a":[1.0,"]\\"}, {"]}'];
		expect(await one.data(2)).toEqual(texts);
		expect(await other.data(1)).toEqual(["b"]);
	});

	it("takes a list of channels, and answers a result for each", async (t) => {
		const scene = fixture.scene(t);
		const { channel } = scene;
		const hub = fixture.hub(broker);
		const stream = await scene.open(streamUrl(hub, channel));
		const answer = await post(hub, { data: "x", channel: [channel, `${channel}.b`] });
		expect(answer).toMatchObject({ status: 200, json: [{ receivers: 1 }, { receivers: 0 }] });
		expect(await stream.data(1)).toEqual(["x"]);
	});
	it("refuses a field of another type, naming it and saying what it must be", async (t) => {
		const scene = fixture.scene(t);
		const values = {
			type: [7, true, {}, ["x"], [[]]],
			id: [1.5, 1e300, true, {}, [], ["a"]],
			retry: [-1, 1.5, 1e300, "1000", true, [1]],
			channel: [7, null, true, {}],
		};
		for (const [field, wrong] of Object.entries(values)) {
			for (const value of wrong) {
				const message = { data: 1, channel: scene.channel, [field]: value };
				const { status, json } = await post(fixture.hub(broker), message);
				expect(status).toBe(400);
				expect(json.error).toMatch(new RegExp(`\\b${field}\\b.* must be `));
			}
		}
	});

	it.for([
		"12345678901234567890",
		"1.0",
		"1e400",
		"-0",
		'{"a":  [1.50, 18446744073709551616], "b": "\\u00e9"}',
		"[\n\t1.0,\r\n 2.0 ]",
	])("keeps the publisher's own text of %j", async (data, t) => {
		const scene = fixture.scene(t);
		const hub = fixture.hub(broker);
		const stream = await scene.open(streamUrl(hub, scene.channel));
		await stream.comment();
		const channel = JSON.stringify(scene.channel);
		// Of two equal keys the last counts, and a key may be escaped in many ways.
		await post(
			hub,
			`{"data": "first", "channel": ${channel}, "d\\u0061ta" : ${data} , "type":"n"}`,
		);
		const event = await stream.event();
		// A line break in it becomes another `data:` line, and comes back as LF. Upstash's API is line-based.
		const text =
			broker === "upstash" ? data.replaceAll(/[\r\n]/g, " ") : data.replaceAll(/\r\n?/g, "\n");
		expect(event).toMatchObject({ event: "n", data: text });
	});

	it.for([
		["arrays", (depth: number) => "[".repeat(depth - 1) + "]".repeat(depth - 1)],
		["objects", (depth: number) => '{"a":'.repeat(depth - 1) + 1 + "}".repeat(depth - 1)],
	] as const)(
		"takes 64 levels of %s, and refuses more before it parses them",
		async ([, data], t) => {
			const scene = fixture.scene(t);
			const hub = fixture.hub(broker);
			const send = (depth: number) =>
				post(hub, `{"channel":${JSON.stringify(scene.channel)},"data":${data(depth)}}`);
			expect(await send(64)).toMatchObject({ status: 200 });
			for (const depth of [65, 5_000, 90_000]) {
				const refused = await send(depth);
				expect(refused.status).toBe(400);
				expect(refused.json.error).toContain("64");
			}
			// Brackets in a string do not count.
			const text = JSON.stringify({ channel: scene.channel, data: '\\"[{'.repeat(100) });
			expect(await post(hub, text)).toMatchObject({ status: 200 });
		},
	);

	it("refuses other methods: 405", async (t) => {
		fixture.scene(t);
		const response = await call(`${fixture.hub(broker).url}/publish`);
		expect(response.status).toBe(405);
		expect(response.headers.get("allow")).toBe("POST");
	});

	it("takes a body of 1 MiB, and refuses one byte more: 413", async (t) => {
		const scene = fixture.scene(t);
		const { channel } = scene;
		const hub = fixture.hub(broker);
		const stream = await scene.open(streamUrl(hub, channel));
		const body = (bytes: number) => {
			const empty = JSON.stringify({ channel, data: "" });
			return JSON.stringify({ channel, data: "x".repeat(bytes - empty.length) });
		};
		expect(await post(hub, body(mebibyte))).toMatchObject({ status: 200 });
		expect((await stream.event()).data).toMatch(/^x{1048000,}$/);
		const refused = await post(hub, body(mebibyte + 1));
		expect(refused.status).toBe(413);
		expect(refused.json).toEqual({ error: expect.stringContaining(String(mebibyte)) });
	});

	it("refuses a body without a length that grows over 1 MiB: 413", async (t) => {
		fixture.scene(t);
		const body = [`{"data":"${"x".repeat(mebibyte)}`, '"}'];
		const hub = fixture.hub(broker);
		const headers = { authorization: `Bearer ${hub.token}` };
		const refused = await call(`${hub.url}/publish`, { method: "POST", headers, body });
		expect(refused.status).toBe(413);
		expect(json(refused)).toEqual({ error: expect.stringContaining(String(mebibyte)) });
	});
}
