import { expect, test } from "vitest";
import { setUp, source } from "./kit.ts";

const request = (init: RequestInit = {}) => new Request("http://localhost/run", init);

test("HEAD on a run that goes on has the headers of GET, and begins no stream", async () => {
	let connects = 0;
	const { runs } = setUp({}, { onConnect: () => connects++, limits: { connections: 1 } });
	const producer = source();
	await runs.start("a", producer.run);
	producer.say("one");
	const head = await runs.stream(request({ method: "HEAD" }), "a");
	expect(head.body).toBeNull();
	expect(connects).toBe(0);
	const get = await runs.stream(request(), "a");
	expect([head.status, [...head.headers]]).toEqual([get.status, [...get.headers]]);
	expect(connects).toBe(1);
	await get.body?.cancel();
	const all = request({ method: "HEAD", headers: { "last-event-id": "1-1" } });
	expect((await runs.stream(all, "a")).status).toBe(404);
	producer.end();
});

test("a client that has left before its stream begins gives its place back", async () => {
	const ends: string[] = [];
	const { runs } = setUp(
		{},
		{ limits: { connections: 1 }, onDisconnect: (_, { reason }) => ends.push(reason) },
	);
	const producer = source();
	const abort = new AbortController();
	const waiting = runs.stream(request({ signal: abort.signal }), "a");
	abort.abort();
	await runs.start("a", producer.run);
	const left = await waiting;
	expect(ends).toEqual(["left"]);
	expect(await left.text()).toBe("");
	producer.say("one");
	producer.end();
	expect(await (await runs.stream(request(), "a")).text()).toContain("data:one");
	expect(ends).toEqual(["left", "closed"]);
});

test("close() ends the streams of runs; stats() does not count them", async () => {
	const ends: string[] = [];
	const { runs, sse } = setUp({}, { onDisconnect: (_, { reason }) => ends.push(reason) });
	await runs.start("a", {});
	const response = await runs.stream(request(), "a");
	expect(sse.stats().connections).toBe(0);
	await sse.close();
	expect(await response.text()).not.toContain("data");
	expect(ends).toEqual(["closed"]);
});
