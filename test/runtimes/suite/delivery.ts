import { expect, it } from "vitest";
import { publish, streamUrl } from "../../support/hub-client.ts";
import { until } from "../../support/wait.ts";
import type { Fixture, HubBroker } from "../fixture.ts";

/** From `POST /publish` to the parsed event. */
export function delivery(fixture: Fixture, broker: HubBroker): void {
	it("delivers 400 messages in order", async (t) => {
		const scene = fixture.scene(t);
		const { channel } = scene;
		const hub = fixture.hub(broker);
		const stream = await scene.open(streamUrl(hub, channel));
		// Ten publishers side by side, each of which awaits its own answers: each one's messages have an order.
		const publishers = 10;
		const each = 40;
		const publishInOrder = async (publisher: number) => {
			for (let n = 0; n < each; n++) {
				expect(await publish(hub, { data: [publisher, n], channel })).toBe(1);
			}
		};
		await Promise.all(Array.from({ length: publishers }, (_, i) => publishInOrder(i)));
		const seen = (await stream.data(publishers * each)).map(
			(data) => JSON.parse(data) as [number, number],
		);
		for (let i = 0; i < publishers; i++) {
			const order = seen.filter(([publisher]) => publisher === i).map(([, n]) => n);
			expect(order).toEqual(Array.from({ length: each }, (_, n) => n));
		}
		expect(stream.events).toHaveLength(publishers * each);
	});

	it.for([
		["several lines", "one\ntwo\r\nthree\rfour", "one\ntwo\nthree\nfour"],
		["a trailing newline", "end\n", "end\n"],
		["nothing but newlines", "\n\n", "\n\n"],
		["empty", "", ""],
		["leading spaces", "  two", "  two"],
		["lines that look like fields", "event:x\nid:1\n:comment\nretry:0", undefined],
		["every plane of Unicode", "ä € \u2028\u2029\u0085 😀 \u{10FFFF} שלום \u0000", undefined],
		["an object", { message: "Hello!", nested: [1, null, true] }, undefined],
		["a number", 0, "0"],
		["null", null, "null"],
	] as const)("carries data intact: %s", async ([, data, seen], t) => {
		const scene = fixture.scene(t);
		const hub = fixture.hub(broker);
		const stream = await scene.open(streamUrl(hub, scene.channel));
		await publish(hub, { data, channel: scene.channel });
		await publish(hub, { data: "after", channel: scene.channel });
		const text = typeof data === "string" ? data : JSON.stringify(data);
		expect(await stream.data(2)).toEqual([seen ?? text, "after"]);
	});

	it("carries type, id and retry, zeros included", async (t) => {
		const scene = fixture.scene(t);
		const { channel } = scene;
		const hub = fixture.hub(broker);
		const stream = await scene.open(streamUrl(hub, channel));
		await publish(hub, { data: "a", type: "greeting", id: "7-0", retry: 1500, channel });
		await publish(hub, { data: "b", id: 0, retry: 0, channel });
		await publish(hub, { data: "c", type: null, id: null, retry: null, channel });
		await stream.event(3);
		expect(stream.events).toEqual([
			{ event: "greeting", id: "7-0", data: "a" },
			{ event: undefined, id: "0", data: "b" },
			{ event: undefined, id: undefined, data: "c" },
		]);
		expect(stream.retries).toEqual([1_500, 0]);
	});

	it("streams several channels on one connection, each once, and no other", async (t) => {
		const scene = fixture.scene(t);
		const hub = fixture.hub(broker);
		const [a, b, c] = ["a", "b", "c"].map((name) => `${scene.channel}.${name}`) as [
			string,
			string,
			string,
		];
		const both = await scene.open(streamUrl(hub, a, b, a));
		const alone = await scene.open(streamUrl(hub, c));
		for (const channel of [a, b, c, a]) await publish(hub, { data: channel, channel });
		await publish(hub, { data: "last", channel: b });
		await publish(hub, { data: "last", channel: c });
		await both.first((event) => event.data === "last", "the last one");
		await alone.first((event) => event.data === "last", "the last one");
		// Within a channel there is an order, and between two there is none.
		const seen = both.events.map((event) => event.data);
		expect(seen.filter((data) => data === a)).toHaveLength(2);
		expect(seen.filter((data) => data !== a)).toEqual([b, "last"]);
		expect(alone.events.map((event) => event.data)).toEqual([c, "last"]);
	});

	it("takes any name for a channel", async (t) => {
		const scene = fixture.scene(t);
		const hub = fixture.hub(broker);
		const channel = `${scene.channel}/a b?c=d&é*[x]😀`;
		const stream = await scene.open(streamUrl(hub, channel));
		await publish(hub, { data: "here", channel });
		expect(await stream.event()).toMatchObject({ data: "here" });
	});

	it("streams the channel `sse` when none is named, or an empty one", async (t) => {
		const scene = fixture.scene(t);
		const hub = fixture.hub(broker);
		const streams = await Promise.all([
			scene.open(streamUrl(hub)),
			scene.open(streamUrl(hub, "")),
			scene.open(streamUrl(hub, "sse")),
		]);
		// Publishing without a channel goes there, too. Other tests use it as well.
		await publish(hub, { data: scene.channel });
		for (const stream of streams) {
			await stream.first((event) => event.data === scene.channel, "the event on `sse`");
		}
	});

	it("reaches an EventSource, as messages and by type", async (t) => {
		const scene = fixture.scene(t);
		const { channel } = scene;
		const hub = fixture.hub(broker);
		const source = scene.eventSource(streamUrl(hub, channel));
		const seen: [string, string, string][] = [];
		for (const type of ["message", "greeting"]) {
			source.addEventListener(type, (event) =>
				seen.push([event.type, event.data, event.lastEventId]),
			);
		}
		await new Promise((open) => source.addEventListener("open", open));
		await publish(hub, { data: "plain", channel });
		await publish(hub, { data: { message: "Hello!" }, type: "greeting", id: 1, channel });
		await until(() => seen.length === 2, { what: "two events" });
		expect(seen).toEqual([
			["message", "plain", ""],
			["greeting", '{"message":"Hello!"}', "1"],
		]);
	});

	it("has a low latency (printed only: a busy machine proves nothing)", async (t) => {
		const scene = fixture.scene(t);
		const { channel } = scene;
		const hub = fixture.hub(broker);
		const stream = await scene.open(streamUrl(hub, channel));
		const times: number[] = [];
		for (let n = 1; n <= 50; n++) {
			const begin = performance.now();
			const arrived = stream.event(n).then(() => times.push(performance.now() - begin));
			await Promise.all([arrived, publish(hub, { data: n, channel })]);
		}
		const sorted = times.toSorted((a, b) => a - b).map((ms) => ms.toFixed(1));
		console.log(
			`${fixture.runtime.name}, ${broker}: POST /publish to event: ` +
				`median ${sorted[25]} ms, slowest of 50 ${sorted[49]} ms`,
		);
	});
}
