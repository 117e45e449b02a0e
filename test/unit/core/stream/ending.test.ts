import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { memory } from "../../../../src/connectors/memory.ts";
import type { Connector } from "../../../../src/core/connector.ts";
import { Client } from "../../../resume/client.ts";
import { useClock } from "./clock.ts";
import { ask, Broker, expectComeBack, open, type Scene, scene } from "./kit.ts";

const clock = useClock();

async function crowd(it: Scene, size: number, query = "channel=a"): Promise<Client[]> {
	const clients: Client[] = [];
	for (let n = 0; n < size; n++) clients.push(await open(it, query));
	await nextTurn();
	return clients;
}

/** Starts close(), and knows whether it is done. */
function closing({ sse }: Scene, drain: number) {
	const promise = sse.close({ drain }).finally(() => {
		state.over = true;
	});
	const state = { promise, over: false };
	return state;
}

function ended(clients: readonly Client[]): number {
	return clients.filter(({ state }) => state === "ended").length;
}

test("close() ends every stream with a `retry:` of its own, and closes the connector", async () => {
	const it = scene();
	const clients = await crowd(it, 50);
	await it.sse.close();
	await nextTurn();
	expect(ended(clients)).toBe(50);
	const retries = clients.map(({ retries: [retry = 0, ...more] }) => {
		expect(more).toEqual([]);
		expect(retry).toBeGreaterThanOrEqual(2_000);
		expect(retry).toBeLessThan(6_000);
		return retry;
	});
	expect(new Set(retries).size).toBeGreaterThan(30);
	expect(it.calls).toEqual(["subscribe a", "close"]);
	expect(it.sse.stats()).toMatchObject({ connections: 0, channels: 0 });
	expect(vi.getTimerCount()).toBe(0);
});

test.for<Connector["scope"]>(["process", "request"])(
	'close({ drain }) spreads the ends over the time with the scope "%s", then closes the connector',
	async (scope) => {
		const it = scene({ connector: memoryOf(scope) });
		const clients = await crowd(it, 200);
		const close = closing(it, 10_000);
		expect(it.sse.closing).toBe(true);
		for (const part of [1, 2, 3]) {
			await clock.passes(2_500);
			expect(Math.abs(ended(clients) - 50 * part)).toBeLessThanOrEqual(2);
			expect(it.sse.stats().connections).toBe(200 - ended(clients));
		}
		expect([close.over, it.calls.includes("close")]).toEqual([false, false]);
		await clock.passes(2_500 + 50);
		await close.promise;
		expect(ended(clients)).toBe(200);
		for (const { retries } of clients) expect(retries).toHaveLength(1);
		expect(it.calls.at(-1)).toBe("close");
		expect(vi.getTimerCount()).toBe(0);
	},
);

function memoryOf(scope: Connector["scope"]): Connector {
	const inner = memory();
	return {
		name: "memory",
		scope,
		publish: (channel, payload) => inner.publish(channel, payload),
		subscribe: (channel, handlers) => inner.subscribe(channel, handlers),
		close: () => inner.close(),
	};
}

test("during a drain new clients are told to reconnect, and messages are still delivered", async () => {
	const it = scene();
	const clients = await crowd(it, 4);
	const close = closing(it, 1_000);
	await clock.passes(500);
	expect(ended(clients)).toBe(2);
	await expectComeBack(await ask(it));
	expect(await it.sse.publish("late")).toEqual({ receivers: 0 });
	await it.sse.publish("late", { channel: "a" });
	await nextTurn();
	expect(clients.map(({ events }) => events.length).sort()).toEqual([0, 0, 1, 1]);
	await clock.passes(600);
	await close.promise;
	await expectComeBack(await ask(it));
	await expect(it.sse.publish("too late", { channel: "a" })).rejects.toMatchObject({
		code: "closed",
	});
	expect(it.sse.stats()).toMatchObject({ connections: 0, refusedStreams: 2, frames: 2 });
});

test("a drain is over when all clients have left by themselves", async () => {
	const it = scene();
	const clients = await crowd(it, 10);
	const close = closing(it, 60_000);
	await clock.passes(100);
	for (const client of clients) client.close();
	await clock.passes(100);
	await close.promise;
	expect(it.calls.at(-1)).toBe("close");
});

test("a drain without clients is over at once", async () => {
	const unused = scene();
	await unused.sse.close({ drain: 60_000 });
	const it = scene();
	(await open(it)).close();
	await it.sse.close({ drain: 60_000 });
});

test("close() during a drain ends all streams at once and resolves both calls", async () => {
	const it = scene();
	const clients = await crowd(it, 20);
	const slow = closing(it, 60_000);
	await clock.passes(100);
	expect(ended(clients)).toBeLessThan(3);
	await it.sse.close();
	await nextTurn();
	expect(ended(clients)).toBe(20);
	await clock.passes(50);
	await slow.promise;
	expect(clients.map(({ retries }) => retries.length)).toEqual(clients.map(() => 1));
});

test.for([
	[10_000, 2_000],
	[2_000, 10_000],
])("of two drains over %d and %d ms the shorter one applies", async ([first, second]) => {
	const it = scene();
	const clients = await crowd(it, 100);
	const drains = [first, second].map((drain = 0) => closing(it, drain));
	await clock.passes(1_000);
	expect(ended(clients)).toBeGreaterThanOrEqual(48);
	expect(ended(clients)).toBeLessThan(70);
	await clock.passes(1_100);
	expect(drains.map(({ over }) => over)).toEqual([true, true]);
	expect(ended(clients)).toBe(100);
});

test.for([-1, Number.NaN, Number.POSITIVE_INFINITY, "soon"])(
	"close({ drain: %s }) is a TypeError, and nothing closes",
	async (drain) => {
		const it = scene();
		const client = await open(it);
		await expect(it.sse.close({ drain: drain as number })).rejects.toThrow(/drain/);
		expect([it.sse.closing, client.state]).toEqual([false, "open"]);
	},
);

test("a client whose subscription is confirmed after close() is told to reconnect", async () => {
	const it = scene();
	const { promise, resolve } = Promise.withResolvers<void>();
	it.broker.ready = promise;
	const answer = ask(it);
	await expect.poll(() => it.calls).toEqual(["subscribe a"]);
	await it.sse.close({ drain: 100 });
	resolve();
	await expectComeBack(await answer);
	expect(it.sse.stats()).toMatchObject({ connections: 0, channels: 0 });
});

test("with history a drained client that resumes at another instance loses nothing", async () => {
	const shared = memory({ history: {} });
	const apart = () => scene({ connector: new Lasting(shared) });
	const [old, other, publisher] = [apart(), apart(), apart()];
	const first = await crowd(old, 20);
	const second: Client[] = [];
	const close = closing(old, 2_000);
	let published = 0;
	while (!close.over || second.length < 20) {
		await publisher.sse.publish(++published, { channel: "a" });
		// Some messages are published in the very turn in which streams end.
		await clock.passes(published % 3 === 0 ? 25 : 0);
		for (const [n, client] of first.entries()) {
			if (client.state !== "ended" || second[n] !== undefined) continue;
			const { lastEventId } = client;
			second[n] = await Client.open(other.sse, ["a"], { lastEventId });
		}
	}
	await publisher.sse.publish(++published, { channel: "a" });
	const all = Array.from({ length: published }, (_, n) => n + 1);
	for (const [n, client] of first.entries()) {
		await clock.passes(100);
		expect(client.seen.length).toBeGreaterThan(0);
		expect([...client.seen, ...(second[n]?.seen ?? [])]).toEqual(all);
		second[n]?.close();
	}
	expect([...old.reports, ...other.reports]).toEqual([]);
});

/** A broker that stays open when an instance closes. */
class Lasting extends Broker {
	override async close(): Promise<void> {
		this.calls.push("close");
	}
}
