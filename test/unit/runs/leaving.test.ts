import { expect, test } from "vitest";
import { aiSdkFormat } from "../../../src/runs.ts";
import { until } from "../../support/wait.ts";
import { setUp, source } from "./kit.ts";

const request = (init: RequestInit = {}) => new Request("http://localhost/run", init);

test("HEAD on a run that is under way has the headers of GET and begins no stream", async () => {
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

test("a client that left before its stream began frees its slot", async () => {
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

test("stats() counts the streams of runs and what is written to them", async () => {
	const { runs, sse } = setUp();
	const producer = source();
	await runs.start("a", producer.run);
	const first = await runs.stream(request(), "a");
	const second = await runs.stream(request(), "a");
	expect(sse.stats().connections).toBe(2);
	await second.body?.cancel();
	expect(sse.stats().connections).toBe(1);
	producer.say({ n: 1 }, { n: 2 });
	producer.end();
	const text = await first.text();
	const { connections, frames, bytes } = sse.stats();
	// The other stream got its first comment.
	expect({ connections, frames, bytes }).toEqual({
		connections: 0,
		frames: 2,
		bytes: text.length + 3,
	});
});

test("close() ends the streams of runs, and no client takes that for the end of the run", async () => {
	const ends: string[] = [];
	const { runs, sse } = setUp({}, { onDisconnect: (_, { reason }) => ends.push(reason) });
	await runs.start("a", {});
	const plain = await runs.stream(request(), "a");
	const told = await runs.stream(request(), "a", { format: "told" });
	// The clients of this format do not reconnect by themselves. A plain end would look like the run's end.
	const foreign = await runs.stream(request(), "a", { format: aiSdkFormat });
	await sse.close();
	// Between 2 and 6 s, as for all streams.
	expect(await plain.text()).toMatch(/^:\n\nretry:[2-5]\d{3}\n\n$/);
	expect(await told.text()).toMatch(/^:\n\nretry:[2-5]\d{3}\n\n$/);
	expect(await foreign.text()).toMatch(/^:\n\ndata:\{"type":"error".*\}\n\n$/);
	expect(ends).toEqual(["closed", "closed", "closed"]);
	expect(sse.stats().connections).toBe(0);
});

test("maxDuration ends the stream of a foreign format with its failure chunk", async () => {
	const { runs } = setUp({}, { maxDuration: 200, keepAlive: 20 });
	await runs.start("a", {});
	const text = await (await runs.stream(request(), "a", { format: aiSdkFormat })).text();
	expect(text).toMatch(/data:\{"type":"error".*\}\n\n$/);
});

test("close({ drain }) spreads the ends of runs' streams over the time, like those of other streams", async () => {
	const { runs, sse } = setUp();
	await runs.start("a", {});
	let over = 0;
	let begun = 0;
	const ends: number[] = [];
	const ended = async (response: Response) => {
		await response.text();
		ends.push(performance.now() - begun);
		over++;
	};
	const streams = [];
	for (let n = 0; n < 10; n++) {
		streams.push(ended(await runs.stream(request(), "a")));
		streams.push(ended(await sse.stream(request(), { channel: "other" })));
	}
	begun = performance.now();
	const closed = sse.close({ drain: 3_000 });
	await until(() => over > 0, { what: "the first end" });
	expect(over).toBeLessThan(10);
	// New clients are refused and reconnect.
	expect(await (await runs.stream(request(), "a")).text()).toMatch(/^:\n\nretry:/);
	await closed;
	await Promise.all(streams);
	expect(Math.max(...ends)).toBeGreaterThan(2_400);
	// About half of each kind end in each half of the time.
	expect(ends.filter((at) => at < 1_500).length).toBeGreaterThanOrEqual(6);
});
