import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import type { ServerSentEvents } from "../../../src/core/sse.ts";
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
	test("a reader that asks again and again has the messages that a stream has", async () => {
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
		// From each of them a stream can go on, and reads what the reader has read.
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
			// What the state has already may come once more, and nothing is missing after it.
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

	test("channels that are joined and left one by one, under load: what stays loses and doubles nothing", async () => {
		const scene = new Scene(broker);
		const hubs = [scene.hub()];
		hubs.push(scene.other(hubs[0] as ServerSentEvents));
		const sse = hubs[0] as ServerSentEvents;
		const names = numbers(8).map((n) => scene.channel(`c${n}`));
		const published = new Map<string, number>(names.map((name) => [name, 0]));
		let isOver = false;
		const publishing = (async () => {
			for (let n = 0; !isOver; n++, await nextTurn()) {
				const name = names[n % names.length] ?? "";
				const next = published.get(name) ?? 0;
				await scene.publish(sse, name, [name, next]);
				published.set(name, next + 1);
			}
		})();
		const first = names[0] as string;
		const seen: number[] = [];
		// The cursor of a single channel is its bare position, which names none.
		let lastEventId = await sse.position(names.slice(0, 2));
		const begin = published.get(first) ?? 0;
		// One more each time, then one less, in an order of their own, at two instances in turn.
		const counts = numbers(names.length - 1, 2);
		const lists = [...counts, ...counts.toReversed()].map((count) =>
			names.slice(0, count).toReversed(),
		);
		for (const [n, list] of lists.entries()) {
			const client = await scene.open(hubs[n % 2] as ServerSentEvents, list, { lastEventId });
			await client.when(
				() => client.seen.filter((each) => (each as [string])[0] === first).length >= 2,
				"what comes on the channel that stays",
			);
			client.close();
			for (const [name, number] of client.seen as [string, number][]) {
				if (name === first) seen.push(number);
			}
			expect(client.gaps).toEqual([]);
			lastEventId = client.lastEventId ?? lastEventId;
		}
		isOver = true;
		await publishing;
		expect(seen[0]).toBeLessThanOrEqual(begin + 1);
		expect(seen).toEqual(numbers(seen.length, seen[0]));
	});
}
