import { expect, onTestFinished, test, vi } from "vitest";
import { durableObject } from "../../../src/durable-object/connector.ts";
import { Recorder } from "../../../src/testing.ts";
import { until } from "../../support/wait.ts";
import { namespace } from "./namespace.ts";

const fromNow = { lastEventId: undefined, recent: 0, expires: Number.POSITIVE_INFINITY };

async function subscribed(objects: ReturnType<typeof namespace>) {
	const connector = durableObject(objects);
	onTestFinished(() => connector.close());
	const recorder = new Recorder();
	await connector.subscribe("channel", recorder);
	/** The n-th stream that the connector has opened. */
	const stream = (n: number) =>
		until(() => objects.streams[n - 1], { what: `stream ${n}`, timeout: 10_000 });
	return { connector, recorder, stream };
}

test("it says what is missing or out of range", () => {
	expect(() => durableObject(undefined as never)).toThrow("class_name");
	expect(() => durableObject({} as never)).toThrow(TypeError);
	for (const timeout of [0, -1, Number.NaN]) {
		expect(() => durableObject(namespace(), { timeout })).toThrow(TypeError);
	}
});

test("half a surrogate pair is no name for an object", async () => {
	const connector = durableObject(namespace());
	const name = "a\ud800";
	await expect(connector.publish(name, "x")).rejects.toThrow(TypeError);
	await expect(connector.subscribe(name, new Recorder())).rejects.toThrow(TypeError);
	await expect(connector.stream?.([name], fromNow)).rejects.toThrow(TypeError);
});

test("any error of an object becomes a ConnectorError with that as its cause", async () => {
	const cause = new TypeError('The RPC receiver does not implement the method "publish".');
	const connector = durableObject(namespace({ publish: () => Promise.reject(cause) }));
	const error = { name: "ConnectorError", code: "unavailable", cause };
	await expect(connector.publish("channel", "x")).rejects.toMatchObject(error);
});

test("a stream of several channels that fails leaves none of the others open", async () => {
	const objects = namespace();
	const { fetch } = objects.stub;
	let calls = 0;
	objects.stub.fetch = async (url, init) => {
		if (++calls === 3) throw new Error("overloaded");
		return fetch(url, init);
	};
	const connector = durableObject(objects);
	const opening = connector.stream?.(["a", "b", "c"], fromNow);
	await expect(opening).rejects.toMatchObject({ code: "unavailable" });
	expect(objects.streams.map(({ cancelled }) => cancelled)).toEqual([true, true]);
});

test("an object that answers too late finds that nobody waits any more", async () => {
	const objects = namespace();
	const { fetch } = objects.stub;
	const answered = Promise.withResolvers<void>();
	objects.stub.fetch = async (url, init) => {
		await answered.promise;
		expect(init?.signal?.aborted).toBe(true);
		return fetch(url, init);
	};
	const connector = durableObject(objects, { timeout: 10 });
	const late = { code: "unavailable", message: expect.stringContaining("10 ms") };
	await expect(connector.stream?.(["a"], fromNow)).rejects.toMatchObject(late);
	await expect(connector.subscribe("a", new Recorder())).rejects.toMatchObject(late);
	answered.resolve();
});

test("what befalls the object's own upstream is told, once", async () => {
	const objects = namespace();
	const { recorder, stream } = await subscribed(objects);
	const { say } = await stream(1);
	say('"one"\n{"restored":true}\n{"lost":{"code":"unavailable","message":"Redis is gone."}}\n');
	say('{"lost":{"code":"unavailable","message":"Redis is gone."}}\n\n{"restored":true}\n"two"\n');
	await recorder.saw("two");
	expect(recorder.messages).toEqual(["one", "two"]);
	expect(recorder.events).toEqual(["lost", "restored"]);
	expect(recorder.errors[0]?.message).toBe("Redis is gone.");
	say('{"end":{"code":"refused","message":"NOPERM"}}\n"too late"\n');
	await recorder.heard("end:refused");
	expect((await stream(1)).cancelled).toBe(true);
	expect(recorder.messages).toEqual(["one", "two"]);
});

test("an object that goes while its upstream is lost is one loss, and one restoration", async () => {
	const objects = namespace();
	const { recorder, stream } = await subscribed(objects);
	const first = await stream(1);
	first.say('{"lost":{"code":"unavailable","message":"Redis is gone."}}\n"cut sh');
	first.end();
	const second = await stream(2);
	await recorder.heard("restored");
	second.say('"whole"\n');
	await recorder.saw("whole");
	expect(recorder.messages).toEqual(["whole"]);
	expect(recorder.events).toEqual(["lost", "restored"]);
});

test("a line that is no JSON breaks the stream, and another is opened", async () => {
	const objects = namespace();
	const { recorder, stream } = await subscribed(objects);
	const first = await stream(1);
	first.say("not JSON\n");
	(await stream(2)).say('"fine"\n');
	await recorder.saw("fine");
	expect(recorder.events).toEqual(["lost", "restored"]);
	expect(first.cancelled).toBe(true);
});

test("streams that break before any line are opened ever more slowly; a line makes it quick again", async () => {
	const waits: number[] = [];
	const { setTimeout } = globalThis;
	vi.spyOn(Math, "random").mockReturnValue(1);
	vi.spyOn(globalThis, "setTimeout").mockImplementation(((run: () => void, ms: number) => {
		// Only the pauses between tries; the connector's timeouts are 3,000.
		if (ms === 3_000) return setTimeout(run, ms);
		waits.push(ms);
		return setTimeout(run, 0);
	}) as typeof setTimeout);
	onTestFinished(() => void vi.restoreAllMocks());

	const objects = namespace();
	const { stream } = await subscribed(objects);
	for (let n = 1; n <= 8; n++) (await stream(n)).end();
	const ninth = await stream(9);
	ninth.say("\n");
	ninth.end();
	await stream(10);
	expect(waits).toEqual([100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000, 100]);
});
