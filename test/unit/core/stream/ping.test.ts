import { expect, test } from "vitest";
import { useClock } from "./clock.ts";
import { open, scene } from "./kit.ts";

const clock = useClock();

test("with `ping` a silent stream gets ping events", async () => {
	const it = scene({ ping: true, keepAlive: 1_000, history: {} });
	const client = await open(it);
	const place = await client.placed();
	await clock.passes(10_000);
	const { length } = client.events;
	expect(length).toBeGreaterThanOrEqual(11);
	expect(length).toBeLessThanOrEqual(14);
	// Its data is the interval. Only the first ping has an id.
	for (const [n, event] of client.events.entries()) {
		const id = n === 0 ? expect.stringMatching(/^~/) : undefined;
		expect(event).toEqual({ event: "sse.ping", data: "1000", id });
	}
	// The first ping comes at once and with the id, because a page sees its last event id only with an event.
	expect(client.text).toMatch(/^:\n\nevent:sse\.ping\ndata:1000\nid:~[\d-]+\n\n/);
	expect(client.lastEventId).toBe(place);
	// The first bytes of the stream are still a comment.
	expect(client.comments).toHaveLength(1);
	expect(it.sse.stats()).toMatchObject({ messages: 0, frames: 0 });
});

test.for([undefined, false])("with ping: %s a silent stream gets comments", async (ping) => {
	const it = scene({ ping, keepAlive: 1_000 });
	const client = await open(it);
	await clock.passes(10_000);
	expect(client.events).toEqual([]);
	expect(client.comments.length).toBeGreaterThanOrEqual(11);
	expect(client.text).toMatch(/^(:\n\n)+$/);
});

test("a resumed stream begins with a ping, too", async () => {
	const it = scene({ ping: true, keepAlive: 1_000, history: {} });
	await it.sse.publish(1, { channel: "a" });
	const client = await open(it, "channel=a&lastEventId=0");
	await clock.passes(10);
	expect(client.events.map(({ event, data }) => [event, data])).toEqual([
		["sse.ping", "1000"],
		[undefined, "1"],
	]);
});

test("pings are sent besides other events, because a page may not listen to those", async () => {
	const it = scene({ ping: true, keepAlive: 1_000 });
	const busy = await open(it);
	for (let n = 0; n < 20; n++) {
		await it.sse.publish(n, { channel: "a" });
		await clock.passes(500);
	}
	const pings = busy.events.filter(({ event }) => event === "sse.ping");
	expect(pings.length).toBeGreaterThanOrEqual(10);
	expect(pings.length).toBeLessThanOrEqual(13);
});

test("a stream with messages gets no comments, and a silent one does", async () => {
	const it = scene({ keepAlive: 1_000 });
	const [busy, quiet] = [await open(it), await open(it, "channel=b")];
	for (let n = 0; n < 20; n++) {
		await it.sse.publish(n, { channel: "a" });
		await clock.passes(500);
	}
	expect(busy.comments).toHaveLength(1);
	expect(quiet.comments.length).toBeGreaterThanOrEqual(10);
});

test.for([100, 1_000, 8_000, 30_000])(
	"with keepAlive %d ms no silence is longer, whenever the stream began",
	async (keepAlive) => {
		const it = scene({ keepAlive, maxDuration: 1_000_000 });
		await open(it, "channel=b");
		for (const wait of [0, 0.1, 0.3, 0.77]) {
			await clock.passes(wait * keepAlive);
			const client = await open(it);
			for (const count of [2, 3, 4]) {
				await clock.passes(keepAlive);
				expect(client.comments.length).toBeGreaterThanOrEqual(count);
			}
			expect(client.comments.length).toBeLessThanOrEqual(5);
		}
	},
);

test("a ping cannot be published", async () => {
	const it = scene();
	await expect(it.sse.publish("", { type: "sse.ping" })).rejects.toThrow(TypeError);
	await it.broker.publish("a", '{"data":"","type":"sse.ping"}');
});
