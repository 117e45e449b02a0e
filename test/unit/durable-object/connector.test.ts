import { expect, onTestFinished, test, vi } from "vitest";
import { ConfigurationError } from "../../../src/core/errors.ts";
import { durableObject } from "../../../src/durable-object/connector.ts";
import { Recorder } from "../../../src/testing.ts";
import { until } from "../../support/wait.ts";
import { namespace } from "./namespace.ts";

const fromNow = { lastEventId: undefined, recent: 0, expires: Number.POSITIVE_INFINITY };

async function subscribed(objects: ReturnType<typeof namespace>) {
	const connector = durableObject(objects);
	onTestFinished(() => connector.close());
	const recorder = new Recorder();
	const subscription = await connector.subscribe("channel", recorder);
	/** The n-th socket that the connector opened. */
	const socket = (n: number) => until(() => objects.sockets[n - 1], { what: `socket ${n}` });
	return { connector, recorder, subscription, socket };
}

test("a missing namespace and wrong options are refused, and the error names them", () => {
	expect(() => durableObject(undefined as never)).toThrow("class_name");
	expect(() => durableObject({} as never)).toThrow(TypeError);
	for (const timeout of [0, -1, Number.NaN]) {
		expect(() => durableObject(namespace(), { timeout })).toThrow(TypeError);
	}
	for (const hold of ["Worker", "", null, true]) {
		const making = () => durableObject(namespace(), { hold: hold as "worker" });
		expect(making).toThrow(ConfigurationError);
		expect(making).toThrow('hold: must be "worker"');
	}
});

test("a lone surrogate in a channel name is a TypeError", async () => {
	const connector = durableObject(namespace(), { hold: "object" });
	const name = "a\ud800";
	await expect(connector.publish(name, "x")).rejects.toThrow(TypeError);
	await expect(connector.subscribe(name, new Recorder())).rejects.toThrow(TypeError);
	await expect(connector.stream?.([name], fromNow)).rejects.toThrow(TypeError);
});

test("an object whose clock is ahead is sent its own time, and takes each publish once", async () => {
	const hour = 3_600_000;
	const limits: (number | undefined)[] = [];
	const late = (until: number | undefined) => {
		limits.push(until);
		const now = Date.now() + hour;
		return until !== undefined && now > until ? { late: now } : undefined;
	};
	const connector = durableObject(
		namespace({
			publish: async (_, __, ___, { until } = {}) => late(until) ?? { receivers: 1 },
			publishAll: async (_, messages, __, until) =>
				late(until) ?? { outcomes: messages.map(() => ({ receivers: 1 })) },
		}),
	);
	expect(await connector.publish("channel", "x")).toEqual({ receivers: 1 });
	expect(limits).toHaveLength(2);
	const messages = ["y", "z"].map((payload) => ({ channel: "channel", payload }));
	expect(await connector.publishAll?.(messages)).toEqual([{ receivers: 1 }, { receivers: 1 }]);
	expect(limits).toHaveLength(3);
});

test("a publish that the object refuses as late twice is rejected as unavailable", async () => {
	const connector = durableObject(namespace({ publish: async () => ({ late: Date.now() }) }));
	await expect(connector.publish("channel", "x")).rejects.toMatchObject({ code: "unavailable" });
});

test("any error of an object becomes a ConnectorError with that cause", async () => {
	const cause = new TypeError('The RPC receiver does not implement the method "publish".');
	const connector = durableObject(namespace({ publish: () => Promise.reject(cause) }));
	const error = { name: "ConnectorError", code: "unavailable", cause };
	await expect(connector.publish("channel", "x")).rejects.toMatchObject(error);
});

test('only hold: "object" has streams of its own, and only for one channel', async () => {
	const held = durableObject(namespace(), { hold: "object", history: {} });
	expect(await held.stream?.(["a"], fromNow)).toBeInstanceOf(ReadableStream);
	expect(held.stream?.(["a", "b"], fromNow)).toBeUndefined();
	// Named ids need the channel's name, which the object does not add.
	expect(held.stream?.(["a"], { ...fromNow, named: true })).toBeUndefined();
	expect(durableObject(namespace(), { hold: "worker" }).stream).toBeUndefined();
});

test("an answer after the timeout is discarded, and the request is aborted", async () => {
	const objects = namespace();
	const { fetch } = objects.stub;
	const answered = Promise.withResolvers<void>();
	objects.stub.fetch = async (url, init) => {
		await answered.promise;
		const isSocket = init?.headers?.upgrade !== undefined;
		expect(init?.signal?.aborted).toBe(isSocket ? true : undefined);
		return fetch(url, init);
	};
	const connector = durableObject(objects, { timeout: 10, hold: "object" });
	const late = { code: "unavailable", message: expect.stringContaining("10 ms") };
	await expect(connector.stream?.(["a"], fromNow)).rejects.toMatchObject(late);
	await expect(connector.subscribe("a", new Recorder())).rejects.toMatchObject(late);
	answered.resolve();
});

test("a loss, restoration or end of the object's upstream is reported once", async () => {
	const objects = namespace();
	const { recorder, socket } = await subscribed(objects);
	const { say } = await socket(1);
	const lost = 's{"lost":{"code":"unavailable","message":"Redis is gone."}}';
	say("mone", 's{"restored":true}', lost, lost, "pong", 's{"restored":true}', "mtwo");
	await recorder.saw("two");
	expect(recorder.messages).toEqual(["one", "two"]);
	expect(recorder.events).toEqual(["lost", "restored"]);
	expect(recorder.errors[0]?.message).toBe("Redis is gone.");
	say('s{"end":{"code":"refused","message":"NOPERM"}}', "mtoo late");
	await recorder.heard("end:refused");
	expect((await socket(1)).closed).toBe(true);
	expect(recorder.messages).toEqual(["one", "two"]);
});

test("an object that dies while its upstream is lost is one loss and one restoration", async () => {
	const objects = namespace();
	const { recorder, socket } = await subscribed(objects);
	const first = await socket(1);
	first.say('s{"lost":{"code":"unavailable","message":"Redis is gone."}}');
	first.fail(new Error("Network connection lost."));
	first.end();
	const second = await socket(2);
	await recorder.heard("restored");
	second.say("mwhole");
	await recorder.saw("whole");
	first.say("mlate");
	expect(recorder.messages).toEqual(["whole"]);
	expect(recorder.events).toEqual(["lost", "restored"]);
});

test.each([
	[4_001, /read too slowly/],
	[4_002, /no sign of life/],
	[1_006, /object is gone/],
])("a socket closed with %d is reported with the reason", async (code, reason) => {
	const objects = namespace();
	const { recorder, socket } = await subscribed(objects);
	(await socket(1)).end(code);
	await recorder.heard("restored");
	expect(recorder.errors[0]).toMatchObject({ code: "unavailable", message: reason });
});

test("unsubscribe() closes the socket, and stops a reconnect", async () => {
	vi.useFakeTimers();
	onTestFinished(() => void vi.useRealTimers());
	const objects = namespace();
	const { recorder, subscription } = await subscribed(objects);
	const other = await subscribed(objects);
	await subscription.unsubscribe();
	expect(objects.sockets[0]?.closed).toBe(true);
	objects.sockets[0]?.say("mlate");
	objects.sockets[1]?.end();
	await other.subscription.unsubscribe();
	await vi.advanceTimersByTimeAsync(120_000);
	expect(objects.sockets.length).toBe(2);
	expect([recorder.messages, recorder.events, other.recorder.events]).toEqual([[], [], ["lost"]]);
	expect(vi.getTimerCount()).toBe(0);
});

test("an object that answers no ping is lost, and one that answers stays connected", async () => {
	vi.useFakeTimers();
	onTestFinished(() => void vi.useRealTimers());
	const objects = namespace();
	const { recorder } = await subscribed(objects);
	for (let n = 1; n <= 4; n++) {
		await vi.advanceTimersByTimeAsync(30_000);
		expect(objects.sockets[0]?.sent).toHaveLength(n);
		objects.sockets[0]?.say("pong");
	}
	expect(recorder.events).toEqual([]);
	await vi.advanceTimersByTimeAsync(60_000);
	expect(recorder.events[0]).toBe("lost");
	expect(recorder.errors[0]?.message).toContain("30000 ms");
	expect(objects.sockets[0]?.closed).toBe(true);
	await vi.advanceTimersByTimeAsync(1_000);
	expect(recorder.events).toEqual(["lost", "restored"]);
	expect(objects.sockets).toHaveLength(2);
});

test("the connector confirms received bytes as often as the object asks", async () => {
	const objects = namespace();
	const { socket } = await subscribed(objects);
	const { say, sent } = await socket(1);
	const opening = 's{"sockets":1,"confirm":100}';
	say(opening, `m${"x".repeat(50)}`);
	expect(sent).toEqual([]);
	say(`m${"x".repeat(50)}`, new ArrayBuffer(500), `m${"x".repeat(500)}`);
	expect(sent).toEqual([`r${opening.length + 102}`, "r501"]);
});

test("reconnects slow down while sockets bring nothing, and speed up after a message", async () => {
	const waits: number[] = [];
	const { setTimeout } = globalThis;
	vi.spyOn(Math, "random").mockReturnValue(1);
	vi.spyOn(globalThis, "setTimeout").mockImplementation(((run: () => void, ms: number) => {
		// Only the pauses between attempts; the connector's timeouts are 3,000 ms.
		if (ms === 3_000) return setTimeout(run, ms);
		waits.push(ms);
		return setTimeout(run, 0);
	}) as typeof setTimeout);
	onTestFinished(() => void vi.restoreAllMocks());

	const objects = namespace();
	const { socket } = await subscribed(objects);
	for (let n = 1; n <= 10; n++) (await socket(n)).end();
	const last = await socket(11);
	// After a deploy many Workers reconnect to an object that held many sockets.
	last.say('s{"sockets":10000,"confirm":1000}', "mone");
	last.end();
	await socket(12);
	const first = 102;
	expect(waits.slice(0, 10)).toEqual([
		...Array.from({ length: 9 }, (_, n) => Math.min(first * 2 ** n, 30_000)),
		30_000,
	]);
	expect(waits[10]).toBe(20_100);
});
