import { expect, onTestFinished, test } from "vitest";
import { memory } from "../../../src/connectors/memory.ts";
import { until } from "../../support/wait.ts";
import { setUp, source } from "./kit.ts";
import { foreign, parsed, readText, request } from "./stream-kit.ts";

test("stream() waits for a run that begins meanwhile", async () => {
	const { runs } = setUp();
	const responses = Promise.all([0, 1].map(() => runs.stream(request(), "a")));
	await runs.start("a", () => ["one"]);
	for (const response of await responses) {
		expect(parsed(await readText(response)).map(({ data }) => data)).toEqual(["one", ""]);
	}
});

test('the format "told" ends with an event that says how the run ended', async () => {
	const { runs } = setUp();
	const { lease = "" } = await runs.start("a", {});
	await runs.append("a", "one\ntwo", { lease });
	await runs.finish("a", { lease, status: "error", reason: "no more" });
	const text = await (await runs.stream(request(), "a", { format: "told" })).text();
	expect(text).toMatch(
		/^:\n\ndata:one\ndata:two\nid:[\d-]+\n\nevent:sse\.end\ndata:\{"status":"error","reason":"no more"\}\nid:[\d-]+\n\n$/,
	);
});

test("the headers are those of a stream and of the format, and HEAD has no body", async () => {
	const { runs } = setUp();
	await (await runs.start("a", () => ["one"])).done;
	const response = await runs.stream(request(undefined, { method: "HEAD" }), "a", {
		format: foreign,
	});
	expect(response.status).toBe(200);
	expect(response.headers.get("content-type")).toBe("text/event-stream");
	expect(response.headers.get("x-foreign")).toBe("1");
	expect(await response.text()).toBe("");
	expect((await runs.stream(request(undefined, { method: "PUT" }), "a")).status).toBe(405);
	// A POST may answer with the run that it started.
	const posted = await runs.stream(request(undefined, { method: "POST", body: "x" }), "a");
	expect(parsed(await readText(posted)).map(({ data }) => data)).toEqual(["one", ""]);
});

test("authorize is called for the run's channel before the broker", async () => {
	const asked: (readonly string[])[] = [];
	const { runs } = setUp(
		{},
		{
			authorize: (_, channels) => {
				asked.push(channels);
				return false;
			},
		},
	);
	expect((await runs.stream(request(), "a")).status).toBe(403);
	expect(asked).toEqual([["run.a"]]);
});

test("a stream ends with its grant, and the client can resume with its cursor", async () => {
	const { runs } = setUp({}, { authorize: () => ({ expires: Date.now() + 300 }), keepAlive: 20 });
	const producer = source();
	await runs.start("a", producer.run);
	producer.say("one");
	const text = await (await runs.stream(request(), "a")).text();
	const retry = /retry:[2-5]\d{3}\n\n$/;
	expect(text).toMatch(retry);
	const events = parsed(text.replace(retry, ""));
	expect(events.map(({ data }) => data)).toEqual(["one"]);
	const again = await runs.stream(request(events[0]?.id), "a");
	producer.say("two");
	producer.end();
	expect(parsed(await readText(again)).map(({ data }) => data)).toEqual(["two", ""]);
});

test("a silent run gets keep-alive comments", async () => {
	const { runs } = setUp({}, { keepAlive: 20 });
	const producer = source();
	await runs.start("a", producer.run);
	const response = await runs.stream(request(), "a");
	const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
	for (let n = 0; n < 3; n++) expect((await reader?.read())?.value).toBe(":\n\n");
	await reader?.cancel();
	producer.end();
});

test("the slot is freed at the end, when the client leaves, and when there is no run", async () => {
	const ends: string[] = [];
	const { runs } = setUp(
		{},
		{ limits: { connections: 1 }, onDisconnect: (_, { reason }) => ends.push(reason) },
	);
	const retries = async () => (await (await runs.stream(request(), "a")).text()).includes("retry:");
	expect((await runs.stream(request(), "a", { wait: 0 })).status).toBe(404);
	const producer = source();
	await runs.start("a", producer.run);
	const response = await runs.stream(request(), "a");
	expect(await retries()).toBe(true);
	await response.body?.cancel();
	const abort = new AbortController();
	await runs.stream(request(undefined, { signal: abort.signal }), "a");
	abort.abort();
	const last = await runs.stream(request(), "a");
	producer.end();
	await readText(last);
	expect(ends).toEqual(["left", "left", "closed"]);
	expect(await retries()).toBe(false);
});

test("the run's status is not read after its readers have left", async () => {
	const connector = memory({ history: {} });
	const { runs } = setUp({ lease: 100 }, { connector });
	let looks = 0;
	const status = connector.runs?.status.bind(connector.runs);
	Object.assign(connector.runs ?? {}, {
		status: (channel: string) => {
			looks++;
			return status?.(channel);
		},
	});
	const { lease = "" } = await runs.start("a", { lease: 100 });
	// More than a client is given before it reads, so that the reader stops between two chunks.
	await runs.append("a", "x".repeat(70_000), { lease });
	const response = await runs.stream(request(), "a");
	await new Promise((resolve) => setTimeout(resolve, 50));
	await response.body?.cancel();
	looks = 0;
	await new Promise((resolve) => setTimeout(resolve, 300));
	expect(looks).toBe(0);
});

test("a gap in a run ends the stream with the format's failure", async () => {
	const connector = memory({ history: {} });
	const { runs, errors } = setUp({}, { connector });
	await (await runs.start("a", () => ["one"])).done;
	await connector.history?.forget?.("run.a");
	const [plain, told] = await Promise.all([
		runs.stream(request(), "a"),
		runs.stream(request(), "a", { format: foreign }),
	]);
	expect(parsed(await readText(plain))).toEqual([]);
	expect(parsed(await readText(told)).map(({ data }) => data)).toEqual(["[failure]"]);
	expect(errors).toEqual([
		expect.objectContaining({ code: "gap" }),
		expect.objectContaining({ code: "gap" }),
	]);
});

test("when the broker is away an EventSource is told to reconnect, and other clients get a 503", async () => {
	const { runs, sse } = setUp();
	await (await runs.start("a", () => ["one"])).done;
	await sse.connector.close();
	const plain = await runs.stream(request(), "a");
	expect(plain.status).toBe(200);
	expect(await plain.text()).toContain("retry:");
	expect((await runs.stream(request(), "a", { format: foreign })).status).toBe(503);
});

test("a client that reads slowly gets every chunk from the history", async () => {
	const { runs } = setUp(
		{ limits: { runBytes: 50_000_000 } },
		{ limits: { bufferedBytes: 10_000 } },
	);
	const producer = source();
	await runs.start("a", producer.run);
	const response = await runs.stream(request(), "a");
	onTestFinished(() => response.body?.cancel());
	const reader = response.body?.getReader();
	await reader?.read();
	for (let n = 0; n < 100; n++) producer.say({ n, text: "x".repeat(10_000) });
	producer.end();
	await until(async () => (await runs.status("a"))?.status === "done", { what: "its end" });
	reader?.releaseLock();
	const events = parsed(await readText(response));
	expect(events.slice(0, -1).map(({ data }) => JSON.parse(data).n)).toEqual(
		Array.from({ length: 100 }, (_, n) => n),
	);
});

test("wrong options of stream() are a TypeError", async () => {
	const { runs } = setUp();
	const bad = [{ replay: "some" }, { wait: -1 }, { format: "xml" }, { waits: 1 }];
	for (const options of bad) {
		await expect(runs.stream(request(), "a", options as never)).rejects.toThrow(TypeError);
	}
});
