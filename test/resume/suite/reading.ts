import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import { ConnectorError } from "../../../src/core/errors.ts";
import type { ServerSentEvents } from "../../../src/core/sse.ts";
import type { Client } from "../client.ts";
import type { Broker } from "../scene.ts";
import { numbers, Scene } from "../scene.ts";

interface Answer {
	messages: { id?: string; data: string; channel: string }[];
	lastEventId: string;
	gap: boolean;
}

/** Reads messages as JSON, as `curl -H 'accept: application/json'` does. */
async function read(
	sse: ServerSentEvents,
	channels: readonly string[],
	lastEventId: string,
	query = "",
): Promise<Answer> {
	const asked = new URLSearchParams(channels.map((channel) => ["channel", channel]));
	const response = await sse.fetch(
		new Request(`http://hub.test/?${asked}${query}`, {
			headers: { accept: "application/json", "last-event-id": lastEventId },
		}),
	);
	expect([response.status, response.headers.get("content-type")]).toEqual([
		200,
		"application/json",
	]);
	return (await response.json()) as Answer;
}

export function reading(broker: Broker): void {
	test("a reader that polls gets the same messages as a stream", async () => {
		const scene = new Scene(broker);
		const sse = scene.hub();
		const names = ["a", "b"].map((name) => scene.channel(name));
		let cursor = await sse.position(names);
		const stream = await scene.open(sse, names, { lastEventId: cursor });
		const publishing = (async () => {
			for (const n of numbers(60)) {
				await scene.publish(sse, names[n % 2] ?? "", n);
				await nextTurn();
			}
		})();
		const seen: { id: string | undefined; data: unknown }[] = [];
		while (seen.length < 60) {
			const { messages, lastEventId, gap } = await read(sse, names, cursor, "&wait=10&limit=7");
			expect(gap).toBe(false);
			expect(messages.length).toBeLessThanOrEqual(7);
			for (const { id, data } of messages) seen.push({ id, data: JSON.parse(data) });
			cursor = lastEventId;
		}
		await publishing;
		await stream.sees(60);
		for (const parity of [0, 1]) {
			const own = (all: readonly unknown[]) => all.filter((n) => Number(n) % 2 === parity);
			expect(own(seen.map(({ data }) => data))).toEqual(own(numbers(60)));
			expect(own(stream.seen)).toEqual(own(numbers(60)));
		}
		// A stream can continue from each of them, and gets what the reader got.
		const [{ id } = { id: "" }] = seen;
		const back = await scene.open(sse, names, { lastEventId: id });
		expect((await back.sees(59)).toSorted()).toEqual(numbers(60).slice(1).toSorted());
		expect([stream.gaps, back.gaps]).toEqual([[], []]);
	});

	test("the state, and then what changed since: no hole, whatever is published meanwhile", async () => {
		const scene = new Scene(broker);
		const sse = scene.hub();
		const channel = scene.channel();
		let state = 0;
		let isOver = false;
		const publishing = (async () => {
			for (; !isOver; await nextTurn()) await scene.publish(sse, channel, ++state);
		})();
		for (let n = 0; n < 5; n++) {
			const lastEventId = await sse.position(channel);
			const shown = state;
			const client = await scene.open(sse, channel, { lastEventId });
			await client.sees(20);
			const seen = client.seen.map(Number);
			// A message that is in the state already may come once more. Nothing after it is missing.
			expect(seen[0]).toBeLessThanOrEqual(shown + 1);
			expect(seen).toEqual(numbers(seen.length, seen[0]));
			expect(client.gaps).toEqual([]);
			client.close();
		}
		isOver = true;
		await publishing;
		const { messages } = await sse.history(channel, { limit: 3 });
		expect(messages.map(({ data }) => JSON.parse(String(data)))).toEqual(numbers(3, state - 2));
	});

	test(
		"32 channels, joined and left one by one, under load, while instances end",
		{
			timeout: 60_000,
		},
		() => comeAndGo(broker),
	);
}

/**
 * One client after the other, each with a channel more and then one less, at instances that end.
 *
 * @param disturb the broker's own trouble, every sixteenth time.
 */
export async function comeAndGo(broker: Broker, disturb?: () => Promise<void>): Promise<void> {
	const scene = new Scene(broker);
	const publisher = scene.hub();
	const names = numbers(32).map((n) => scene.channel(`c${n}`));
	const stays = names[0] as string;
	const published = new Map<string, number>(names.map((name) => [name, 0]));
	let isOver = false;
	const publishing = (async () => {
		for (let n = 0; !isOver; n++, await nextTurn()) {
			const name = n % 2 === 0 ? stays : (names[(n >> 1) % names.length] ?? stays);
			const next = published.get(name) ?? 0;
			published.set(name, next + 1);
			await surely(publisher, name, [name, next]);
		}
	})();
	/** Of each channel: what was seen since it was joined last. */
	const seen = new Map<string, number[]>();
	let total = 0;
	const take = (client: Client) => {
		for (const [name, number] of client.seen as [string, number][]) {
			const before = seen.get(name) ?? [];
			// A channel that stays in the list continues where it was: nothing is lost, and nothing comes
			// twice.
			if (before.length > 0) expect([name, number]).toEqual([name, (before.at(-1) ?? 0) + 1]);
			seen.set(name, [...before, number]);
			total++;
		}
		expect(client.gaps).toEqual([]);
	};
	// The cursor of a single channel is its bare position, without a name.
	let lastEventId = await publisher.position(names.slice(0, 2));
	const counts = numbers(names.length - 1, 2);
	let hub = scene.other(publisher);
	for (const [n, count] of [...counts, ...counts.toReversed()].entries()) {
		// In an order of its own, and every few times at an instance that has just begun.
		const list = names.slice(0, count).toReversed();
		if (n % 8 === 7 && hub !== publisher) {
			await hub.close();
			hub = scene.other(publisher);
		}
		for (const name of seen.keys()) if (!list.includes(name)) seen.delete(name);
		if (n % 16 === 15) await disturb?.();
		for (let isServed = false; !isServed; ) {
			const client = await scene.open(hub, list, { lastEventId });
			const mine = () => (client.seen as [string, number][]).filter(([name]) => name === stays);
			const served = client.when(() => mine().length >= 2, "what comes on the channel that stays");
			isServed = await served.then(
				() => true,
				(error: unknown) => {
					// While its broker is down, an instance asks its clients to come back.
					if (client.state !== "ended") throw error;
					return false;
				},
			);
			client.close();
			take(client);
			lastEventId = client.lastEventId ?? lastEventId;
		}
		// It misses something.
		const missed = (published.get(stays) ?? 0) + 2;
		while ((published.get(stays) ?? 0) < missed) await nextTurn();
	}
	isOver = true;
	await publishing;
	expect(seen.get(stays)?.length).toBeGreaterThan(2 * counts.length);
	expect(total).toBeGreaterThan(seen.get(stays)?.length ?? 0);
}

/** Publishes again until it is known to be stored. The key keeps it from being stored twice. */
async function surely(sse: ServerSentEvents, channel: string, data: [string, number]) {
	const key = data.join();
	for (;;) {
		try {
			await sse.publish(JSON.stringify(data), { channel, key });
			return;
		} catch (error) {
			if (!(error instanceof ConnectorError)) throw error;
			await nextTurn();
		}
	}
}
