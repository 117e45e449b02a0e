import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test } from "vitest";
import { open, request, type Scene, scene } from "./kit.ts";

/**
 * A large message to many clients is written over several turns of the event loop. These tests are about what
 * happens meanwhile.
 */

const megabyte = "x".repeat(1_000_000);
const size = 40;

async function crowd(it: Scene) {
	const clients = await Promise.all(Array.from({ length: size }, () => open(it, "")));
	await nextTurn();
	return clients;
}

type Clients = Awaited<ReturnType<typeof crowd>>;

const had = (clients: Clients, count: number) =>
	clients.filter(({ events }) => events.length >= count).length;

/** Publishes until some clients have the message and others do not. */
async function half(it: Scene, clients: Clients): Promise<void> {
	await it.sse.publish(megabyte);
	while (had(clients, 1) === 0) await nextTurn();
	expect(had(clients, 1)).toBeLessThan(size);
}

for (const options of [{}, { history: { maxLength: 100 } }]) {
	const way = "history" in options ? "with history" : "without history";
	const all = { limits: { bufferedBytes: 100_000_000, messageBytes: 2_000_000 }, ...options };

	test(`others get their turn in between, and every client gets all messages in order, ${way}`, async () => {
		const it = scene(all);
		const clients = await crowd(it);
		await half(it, clients);
		await it.sse.publish("second");
		const late = await open(it, "");
		await it.sse.publish("third");
		for (const client of clients) {
			await client.when(() => client.events.length === 3, "three");
			expect(client.events.map(({ data }) => data.slice(0, 6))).toEqual([
				"xxxxxx",
				"second",
				"third",
			]);
		}
		await late.when(() => late.events.length > 0, "the third");
		await nextTurn();
		expect(late.events.map(({ data }) => data)).toEqual(["third"]);
		expect(it.sse.stats().frames).toBe(3 * size + 1);
	});

	test(`a client whose stream ends in between gets the whole message first, ${way}`, async () => {
		const it = scene(all);
		const clients = await crowd(it);
		await half(it, clients);
		await it.sse.publish("last words");
		await it.sse.close();
		for (const client of clients) {
			await client.when(() => client.state === "ended", "the end");
			expect(client.events.map(({ data }) => data.length)).toEqual([megabyte.length, 10]);
		}
	});

	test(`a client that leaves in between gets nothing more, and the others get the message, ${way}`, async () => {
		const it = scene(all);
		const clients = await crowd(it);
		await half(it, clients);
		const leaving = clients.filter(({ events }) => events.length === 0).slice(-5);
		for (const client of leaving) await client.close();
		await Promise.all(
			clients
				.filter((client) => !leaving.includes(client))
				.map((client) => client.when(() => client.events.length === 1, "the message")),
		);
		expect(leaving.flatMap(({ events }) => events)).toEqual([]);
		expect(it.sse.stats()).toMatchObject({ connections: size - 5, frames: size - 5 });
	});
}

test("a client that lags behind is caught up from the history with each message once", async () => {
	const it = scene({ limits: { messageBytes: 2_000_000 }, history: { maxLength: 100 } });
	const clients = await crowd(it);
	const slow = await open(it, "", { paused: true });
	for (const n of [1, 2, 3, 4]) {
		await it.sse.publish(n + megabyte);
		// Each message takes several turns, and the first is not finished when the last comes.
		await nextTurn();
	}
	await it.sse.publish("5");
	for (const client of clients) await client.when(() => client.events.length === 5, "five");
	slow.resume();
	for (const client of [...clients, slow]) {
		await client.when(() => client.events.length >= 5, "five");
		expect(client.events.map(({ data }) => data[0])).toEqual(["1", "2", "3", "4", "5"]);
	}
});

test("a client that still waits for a message does not get the id of a later one", async () => {
	const limits = { bufferedBytes: 100_000_000, messageBytes: 2_000_000 };
	const it = scene({ limits, history: { maxLength: 100 }, keepAlive: 400 });
	const texts: string[] = Array.from({ length: size }, () => "");
	const reading = texts.map(async (_, index) => {
		const { body } = await it.sse.stream(request("channel=a"), { types: ["message"] });
		for await (const text of body?.pipeThrough(new TextDecoderStream()) ?? []) {
			texts[index] += text.replace(megabyte, "large");
		}
	});
	const had = (text: string) => texts.filter((each) => each.includes(text)).length;
	while (had("id:") < size) await nextTurn();
	// Simulates a long task: the keep-alive timer fires once before the next turn.
	const tick = async () => {
		for (const begun = performance.now(); performance.now() < begun + 110; );
		await nextTurn();
	};
	for (let n = 0; n < 2; n++) await tick();
	await it.sse.publish(megabyte, { channel: "a" });
	while (had("large") === 0) await nextTurn();
	const { id = "" } = await it.sse.publish("passed over", { channel: "a", type: "other" });
	while (had("large") < size || had(id) < size) await tick();
	expect(texts.filter((text) => text.indexOf(id) < text.indexOf("large"))).toEqual([]);
	await it.sse.close();
	await Promise.all(reading);
});
