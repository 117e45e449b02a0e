import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import { parsed } from "../message/parsed.ts";
import { useClock } from "./clock.ts";
import { ask, open, scene } from "./kit.ts";

/** `?sse.control=events`: the client gets as events what a script cannot see otherwise. */

const clock = useClock();
const asking = "channel=a&sse.control=events";

const typed = (events: readonly { event?: string | undefined; data: string }[], type: string) =>
	events.filter(({ event }) => event === type).map(({ data }) => Number(data));

test("only a client with sse.control=events gets sse.retry, with the time of `retry:`", async () => {
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

test("a refused client gets sse.retry as well", async () => {
	const it = scene({ limits: { connections: 0 } });
	const answers = [asking, "channel=a", "channel=a&sse.control=", "channel=a&sse.control=Events"];
	const told = answers.map(async (query) => {
		const { events, retries } = parsed(await (await ask(it, query)).text());
		expect(retries).toHaveLength(1);
		return typed(events, "sse.retry").join() === String(retries[0]);
	});
	expect(await Promise.all(told)).toEqual([true, false, false, false]);
});

test("a client with sse.control=events gets pings even without `ping`, and others get comments", async () => {
	const it = scene({ keepAlive: 1_000, history: {} });
	const [asks, plain] = [await open(it, asking), await open(it)];
	const place = await asks.placed();
	expect(asks.text).toMatch(/^:\n\nevent:sse\.ping\ndata:1000\nid:[^\n]+\n\n$/);
	for (let n = 0; n < 10; n++) {
		// The page may not listen for this type: it learns the id by the next ping.
		await it.sse.publish(n, { channel: "a" });
		await clock.passes(1_000);
	}
	expect(typed(asks.events, "sse.ping").length).toBeGreaterThanOrEqual(10);
	expect(asks.comments).toHaveLength(1);
	expect(asks.lastEventId).not.toBe(place);
	expect(typed(plain.events, "sse.ping")).toEqual([]);
});

test("sse.retry cannot be published", async () => {
	const it = scene();
	const client = await open(it, asking);
	const publish = it.sse.publish("0", { channel: "a", type: "sse.retry" });
	await expect(publish).rejects.toThrow(TypeError);
	await it.broker.publish("a", '{"data":"0","type":"sse.retry"}');
	await it.broker.publish("a", '{"data":"last"}');
	await clock.passes(10);
	expect(client.events.map(({ data }) => data)).toEqual(["8000", "last"]);
});
