import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { ConnectorError } from "../../../../src/core/errors.ts";
import { ConnectionLimits } from "../../../../src/core/request/connection-limits.ts";
import { until } from "../../../support/wait.ts";
import { ask, expectComeBack, open, scene, told } from "./kit.ts";

test("over limits.connections a client is told to reconnect, and a client that leaves frees a slot", async () => {
	const it = scene({ limits: { connections: 2 } });
	const [first] = [await open(it), await open(it, "channel=b")];
	await expectComeBack(await ask(it, "channel=c"));
	expect(it.calls).toEqual(["subscribe a", "subscribe b"]);
	expect(it.sse.stats()).toMatchObject({ connections: 2, refusedStreams: 1 });
	first.close();
	await until(() => it.sse.stats().connections === 1, { what: "the end of the first" });
	await open(it, "channel=c");
	await expectComeBack(await ask(it));
});

test("a stream holds its slot while it subscribes, and frees it when that fails", async () => {
	const it = scene({ limits: { connections: 2 } });
	const { promise, reject } = Promise.withResolvers<void>();
	it.broker.ready = promise;
	const waiting = [ask(it), ask(it, "channel=b")];
	await until(() => it.calls.length === 2, { what: "two subscriptions under way" });
	await expectComeBack(await ask(it, "channel=c"));
	expect(it.calls).toEqual(["subscribe a", "subscribe b"]);
	reject(new ConnectorError("unavailable", "away"));
	for (const answer of waiting) await expectComeBack(await answer);
	expect(it.sse.stats()).toMatchObject({ connections: 0, refusedStreams: 3 });
	it.broker.ready = Promise.resolve();
	await Promise.all([open(it), open(it)]);
	await expectComeBack(await ask(it));
});

test("an error of the connector frees the slot", async () => {
	const broken = new TypeError("a bug of the connector's");
	const it = scene({ limits: { connections: 1 } });
	it.broker.ready = Promise.reject(broken);
	for (let n = 0; n < 3; n++) await expect(ask(it)).rejects.toBe(broken);
	it.broker.ready = Promise.resolve();
	await open(it);
});

test.for([
	["ends at its deadline", { maxDuration: 200 }],
	["is disconnected as slow", { limits: { connections: 2, bufferedBytes: 10 } }],
] as const)("a stream that %s frees its slot once", async ([, options]) => {
	const it = scene({ limits: { connections: 2 }, ...options });
	const [gone] = [await open(it, "", { paused: true }), await open(it, "channel=b")];
	for (const data of ["x".repeat(20), "y"]) {
		await it.sse.publish(data);
		await nextTurn();
	}
	await until(() => it.sse.stats().connections < 2, { what: "the end of the first" });
	// Later signs of the end change nothing.
	gone.close();
	const held = it.sse.stats().connections;
	for (let n = held; n < 2; n++) await open(it, "channel=c");
	await expectComeBack(await ask(it));
});

test("a client that left before its stream began holds no slot", async () => {
	const it = scene({ limits: { connections: 1 } });
	for (let n = 0; n < 3; n++) {
		const client = await open(it, "", { signal: AbortSignal.abort() });
		await client.end();
	}
	expect(it.sse.stats().connections).toBe(0);
});

test("each client key has limits.perClient.connections streams", async () => {
	const clientKey = vi.fn((asked: Request, _host: unknown) => asked.headers.get("x-user"));
	const it = scene({ limits: { perClient: { key: clientKey, connections: 2 } } });
	const as = (user: string) => ({ headers: { "x-user": user }, host: { some: "host" } });
	const first = await open(it, "", as("one"));
	await open(it, "channel=b", as("one"));
	await expectComeBack(await ask(it, "channel=c", as("one")));
	await open(it, "", as("two"));
	expect(clientKey.mock.calls[0]?.[1]).toEqual({ some: "host" });
	first.close();
	await until(() => it.sse.stats().connections === 2, { what: "the end of the first" });
	await open(it, "", as("one"));
	await expectComeBack(await ask(it, "", as("one")));
	expect(it.sse.stats()).toMatchObject({ connections: 3, refusedStreams: 2 });
});

test.for<[what: string, key: unknown]>([
	["null, as of a missing header", null],
	["undefined", undefined],
])("a key of %s is not limited", async ([, key]) => {
	const it = scene({ limits: { perClient: { key: () => key as undefined, connections: 1 } } });
	await Promise.all([open(it), open(it), open(it)]);
	expect(it.reports).toEqual([]);
});

test("the key may be a promise", async () => {
	const it = scene({ limits: { perClient: { key: async () => "same", connections: 1 } } });
	await open(it);
	await expectComeBack(await ask(it));
});

test.for<[how: string, clientKey: () => never | Promise<never>]>([
	[
		"throws",
		() => {
			throw new Error("oops");
		},
	],
	["rejects", () => Promise.reject(new Error("oops"))],
])("a key function that %s is reported, and the client is not limited", async ([, clientKey]) => {
	const it = scene({ limits: { perClient: { key: clientKey, connections: 1 } } });
	await Promise.all([open(it), open(it)]);
	expect(told(it)).toEqual(["hook: oops", "hook: oops"]);
});

test("a slot is released once, and a key is forgotten with its last stream", () => {
	const limits = new ConnectionLimits(2, 1);
	const slot = limits.acquire("one");
	limits.acquire("two");
	expect(limits.acquire("three")).toBeUndefined();
	slot?.release();
	slot?.release();
	expect(limits.acquire("one")).toBeDefined();
	expect(limits.acquire("three")).toBeUndefined();
});

/** Data whose message has exactly this many bytes when published; the envelope takes 11. */
function dataOf(bytes: number, char: string): string {
	const each = new TextEncoder().encode(char).length;
	const count = Math.floor((bytes - 11) / each);
	return char.repeat(count) + "x".repeat(bytes - 11 - count * each);
}

test.for([
	["x", false],
	["é", false],
	["€", false],
	["😀", false],
	["x", true],
	["😀", true],
] as const)(
	"a message of %s may have limits.messageBytes and no more; history: %s",
	async ([char, kept]) => {
		const it = scene({ limits: { messageBytes: 1_000 }, ...(kept && { history: {} }) });
		const client = await open(it);
		await it.sse.publish(dataOf(1_000, char), { channel: "a" });
		await expect(it.sse.publish(dataOf(1_001, char), { channel: "a" })).rejects.toThrow(
			/at most 1000/,
		);
		await it.sse.publish("next", { channel: "a" });
		// The id that the store adds does not count.
		expect(await client.data(2)).toEqual([dataOf(1_000, char), "next"]);
		expect(it.sse.stats()).toMatchObject({ messages: 2, droppedMessages: 0 });
		expect(it.reports).toEqual([]);
	},
);

test("a foreign message over the limit is dropped, counted, and reported without its text", async () => {
	const it = scene({ limits: { messageBytes: 1_000 } });
	const client = await open(it);
	const foreign = (bytes: number) =>
		it.broker.publish("a", JSON.stringify({ data: dataOf(bytes, "é") }));
	await foreign(1_000);
	await foreign(1_001);
	await foreign(1_000);
	await it.sse.publish("next", { channel: "a" });
	expect((await client.data(3))[2]).toBe("next");
	expect(it.sse.stats()).toMatchObject({ messages: 3, droppedMessages: 1, frames: 3 });
	expect(told(it)).toEqual(["decode: Dropped a message of over 1000 bytes."]);
});

test("with history a foreign message over the limit is also dropped when it is replayed", async () => {
	const it = scene({ limits: { messageBytes: 1_000 }, history: {} });
	await it.broker.publish("a", JSON.stringify({ data: dataOf(2_000, "x") }));
	await it.sse.publish("next", { channel: "a" });
	const client = await open(it, "channel=a&lastEventId=0");
	expect(await client.data(1)).toEqual(["next"]);
	expect(it.sse.stats()).toMatchObject({ frames: 1, droppedMessages: 1 });
});
