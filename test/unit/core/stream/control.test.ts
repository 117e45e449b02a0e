import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import { parsed } from "../message/parsed.ts";
import { useClock } from "./clock.ts";
import { ask, open, scene } from "./kit.ts";

/** `?sse.control=events`: pages that ask are told in events what scripts cannot see otherwise. */

const clock = useClock();
const asking = "channel=a&sse.control=events";

const typed = (events: readonly { event?: string | undefined; data: string }[], type: string) =>
	events.filter(({ event }) => event === type).map(({ data }) => Number(data));

test("only a client that asks is told when to reconnect, with the time of `retry:`", async () => {
	const it = scene();
	const [asks, plain] = [await open(it, asking), await open(it)];
	await it.sse.publish(1, { channel: "a" });
	await it.sse.close();
	await nextTurn();
	expect(typed(asks.events, "sse.retry")).toEqual(asks.retries);
	expect(asks.retries).toHaveLength(1);
	expect(asks.events.map(({ event }) => event)).toEqual(["sse.ping", undefined, "sse.retry"]);
	expect(plain.events.map(({ event }) => event)).toEqual([undefined]);
	expect(plain.retries).toHaveLength(1);
});

test("a stream that is turned away says it, too", async () => {
	const it = scene({ limits: { connections: 0 } });
	const answers = [asking, "channel=a", "channel=a&sse.control=", "channel=a&sse.control=Events"];
	const told = answers.map(async (query) => {
		const { events, retries } = parsed(await (await ask(it, query)).text());
		expect(retries).toHaveLength(1);
		return typed(events, "sse.retry").join() === String(retries[0]);
	});
	expect(await Promise.all(told)).toEqual([true, false, false, false]);
});

test("a client that asks gets pings even without `ping`; the others keep their comments", async () => {
	const it = scene({ keepAlive: 1_000, history: {} });
	const [asks, plain] = [await open(it, asking), await open(it)];
	const place = await asks.placed();
	expect(asks.text).toMatch(/^:\n\nevent:sse\.ping\ndata:1000\nid:[^\n]+\n\n$/);
	for (let n = 0; n < 10; n++) {
		// Of a type that the page may not listen for: it learns the place by the next ping.
		await it.sse.publish(n, { channel: "a" });
		await clock.passes(1_000);
	}
	expect(typed(asks.events, "sse.ping").length).toBeGreaterThanOrEqual(10);
	expect(asks.comments).toHaveLength(1);
	expect(asks.lastEventId).not.toBe(place);
	expect(typed(plain.events, "sse.ping")).toEqual([]);
});

test("a time to come back cannot be published", async () => {
	const it = scene();
	const client = await open(it, asking);
	const publish = it.sse.publish("0", { channel: "a", type: "sse.retry" });
	await expect(publish).rejects.toThrow(TypeError);
	await it.broker.publish("a", '{"data":"0","type":"sse.retry"}');
	await it.broker.publish("a", '{"data":"last"}');
	await clock.passes(10);
	expect(client.events.map(({ data }) => data)).toEqual(["8000", "last"]);
});
