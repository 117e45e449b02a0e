import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import { Pacer } from "../../../../src/core/scheduling.ts";
import { open, scene } from "./kit.ts";

/** Many clients that connect at once are admitted over several turns of the event loop. */

const size = 100;

test("a Pacer admits eight per turn in order, and later ones wait behind them", async () => {
	const pacer = new Pacer();
	const passed: number[] = [];
	const come = async (n: number) => {
		await pacer.pass();
		passed.push(n);
	};
	const all = Array.from({ length: 19 }, (_, n) => come(n));
	const counts: number[] = [];
	for (let turn = 0; turn < 3; turn++) {
		await Promise.resolve();
		counts.push(passed.length);
		if (turn === 1) all.push(come(19));
		await nextTurn();
	}
	expect(counts).toEqual([8, 16, 20]);
	await Promise.all(all);
	expect(passed).toEqual(Array.from({ length: 20 }, (_, n) => n));
	// Nobody waits any more, so the next one need not wait.
	await nextTurn();
	expect(pacer.pass()).toBeUndefined();
});

test("a connected client gets its messages while many others connect", async () => {
	const it = scene();
	const first = await open(it);
	let opened = 0;
	const crowd = Array.from({ length: size }, async () => {
		const client = await open(it);
		opened++;
		return client;
	});
	await nextTurn();
	await it.sse.publish("in between", { channel: "a" });
	await first.when(() => first.events.length === 1, "the message");
	expect(opened).toBeLessThan(size);
	await Promise.all(crowd);
	expect(it.sse.stats()).toMatchObject({ connections: size + 1 });
});

test("a connected client gets its messages while many others are sent what they missed", async () => {
	const it = scene({ history: { maxLength: 100 } });
	const first = await open(it);
	const lastEventId = await first.placed();
	await it.sse.publish("missed", { channel: "a" });
	const { promise, resolve } = Promise.withResolvers<void>();
	it.broker.readable = promise;
	const headers = { "last-event-id": lastEventId };
	const crowd = await Promise.all(
		Array.from({ length: size }, () => open(it, "channel=a", { headers })),
	);
	const had = () => crowd.filter(({ events }) => events.length > 0).length;
	resolve();
	while (had() === 0) await nextTurn();
	await it.sse.publish("in between", { channel: "a" });
	await first.when(() => first.events.length === 2, "the message");
	expect(had()).toBeLessThan(size);
	for (const client of [first, ...crowd]) {
		await client.when(() => client.events.length === 2, "both");
		expect(client.events.map(({ data }) => data)).toEqual(["missed", "in between"]);
	}
});
