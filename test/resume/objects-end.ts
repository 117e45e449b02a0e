import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { isAfter } from "../../src/core/message/position.ts";
import type { ServerSentEvents } from "../../src/core/sse.ts";
import type { Bridge } from "../connectors/fixtures/bridge.ts";
import type { Hold } from "../connectors/fixtures/kept.ts";
import { until } from "../support/wait.ts";
import { type Broker, Scene } from "./scene.ts";

/** What clients may rely on when the objects themselves end, with their storage or without. */
export function objectsEnd(broker: Broker, bridge: Bridge, hold: Hold): void {
	const setUp = () => {
		const scene = new Scene(broker);
		const names: Names = [scene.channel("a"), scene.channel("b"), scene.channel("c")];
		return { scene, sse: scene.hub(), names };
	};
	type Names = [string, string, string];

	describe(`objects that end: durable-object, streams held by the ${hold}`, () => {
		test("objects are killed and evicted, again and again, with storage kept: everything once, in order", async () => {
			const { scene, sse, names } = setUp();
			const [a, b, c] = names;
			const lists = [[a], [b], [a, b, c], [c, a], [a, b, c]];
			const followers = lists.map((list) => new Follower(scene, sse, list));
			const following = Promise.all(followers.map((each) => each.run()));
			const publishers = names.map((name) => new Publisher(sse, name));
			const publishing = Promise.all(publishers.map((each) => each.run()));
			for (let round = 1; round <= 4; round++) {
				const enough = () => publishers.every(({ ids }) => ids.length >= round * 15);
				await until(enough, { what: `the messages of round ${round}` });
				if (round % 2 === 0) await bridge.end("crash");
				else {
					await bridge.kill();
					await bridge.start();
				}
			}
			for (const each of publishers) each.stop();
			await publishing;
			const stored = new Map<string, Message[]>();
			for (const { channel, ids } of publishers) {
				const end = await until(() => published(sse, channel, "end"), { what: "the end" });
				stored.set(channel, await allKept(sse, channel));
				const kept = stored.get(channel)?.map(({ id }) => id) ?? [];
				expect(kept.at(-1)).toBe(end);
				expect(ids.filter((id) => !kept.includes(id))).toEqual([]);
				const inverted = kept.find((id, n) => n > 0 && !isAfter(id, kept[n - 1] ?? ""));
				expect(inverted).toBeUndefined();
			}
			await following;
			for (const follower of followers) {
				for (const [channel, seen] of follower.seen) {
					expect(seen).toEqual(stored.get(channel)?.map(({ data }) => data));
				}
				expect(follower.gaps).toEqual([]);
				expect(follower.visits).toBeGreaterThan(2);
			}
		});

		test("messages() continues after an eviction with what came meanwhile", async () => {
			const { scene, sse, names } = setUp();
			const [channel] = names;
			const seen: number[] = [];
			const reading = (async () => {
				for await (const { data } of sse.messages(channel, { lastEventId: "0" })) {
					seen.push(Number(data));
					if (data === 59) return;
				}
			})();
			const publisher = scene.hub();
			for (let n = 0; n < 60; n++) {
				await publisher.publish(n, { channel });
				if (n % 20 === 10) await bridge.end("crash", [channel]);
			}
			await reading;
			expect(seen).toEqual(Array.from({ length: 60 }, (_, n) => n));
		});

		test("one wiped store of three is a gap in that channel, and in no other", async () => {
			const { scene, sse, names } = setUp();
			const [a, b, c] = names;
			const client = await scene.open(sse, names);
			await client.placed();
			const [lastOfA] = await scene.publish(sse, a, "a1");
			await scene.publish(sse, b, "b1");
			await client.sees(2);
			await bridge.end("wipe", [a]);
			// The Worker holds it, and it stays.
			await client.when(() => client.gaps.length > 0, "the gap", { timeout: 10_000 });
			expect(client.gaps).toEqual([{ channel: a, lastEventId: lastOfA }]);
			await scene.publish(sse, a, "a2");
			await scene.publish(sse, c, "c1");
			await client.when(() => client.seen.length === 4, "the messages after the gap");
			expect(client.seen.slice(2).toSorted()).toEqual(["a2", "c1"]);
			expect(client.gaps).toHaveLength(1);
			client.close();
			const again = await scene.open(sse, names, { lastEventId: client.lastEventId });
			await scene.publish(sse, b, "b2");
			expect(await again.sees(1)).toEqual(["b2"]);
			expect(again.gaps).toEqual([]);
		});

		test("ids grow although the clock goes back, over an eviction too", async () => {
			const { scene, sse, names } = setUp();
			const [channel] = names;
			const ids = await scene.publish(sse, channel, 0, 1);
			const client = await scene.open(sse, channel, { lastEventId: ids[0] });
			for (const clock of [-10_000, -3_600_000]) {
				await bridge.ask({ clock });
				ids.push(...(await scene.publish(sse, channel, 2, 3)));
				await bridge.end("crash", [channel]);
				ids.push(...(await scene.publish(sse, channel, 4)));
			}
			await bridge.ask({ clock: 0 });
			ids.push(...(await scene.publish(sse, channel, 5)));
			expect(ids.every((id, n) => n === 0 || isAfter(id, ids[n - 1] ?? ""))).toBe(true);
			const seen = [1, 2, 3, 4, 2, 3, 4, 5];
			if (hold === "worker") {
				await client.when(() => client.seen.at(-1) === 5, "the last message", { timeout: 10_000 });
				expect(client.seen).toEqual(seen);
				expect(client.gaps).toEqual([]);
				return;
			}
			// The call fails when its object ends.
			await client.end();
			const back = await scene.open(sse, channel, { lastEventId: client.lastEventId });
			await back.when(() => back.seen.at(-1) === 5, "the last message");
			expect([...client.seen, ...back.seen]).toEqual(seen);
			expect(back.gaps).toEqual([]);
		});
	});
}

interface Message {
	id: string;
	data: unknown;
}

/** The id. Undefined when it was not confirmed, and the outcome is unknown. */
async function published(sse: ServerSentEvents, channel: string, data: string) {
	const { id } = await sse.publish(JSON.stringify([channel, data]), { channel }).catch(nothing);
	return id;
}

// An object that has just ended does not answer.
const nothing = (): { id?: string } => ({});

/** Publishes without a pause, each message once, until it is stopped. */
class Publisher {
	readonly channel: string;
	/** Of what was confirmed. */
	readonly ids: string[] = [];
	readonly #sse: ServerSentEvents;
	#stopped = false;

	constructor(sse: ServerSentEvents, channel: string) {
		this.#sse = sse;
		this.channel = channel;
	}

	async run(): Promise<void> {
		for (let n = 0; !this.#stopped; n++) {
			const id = await published(this.#sse, this.channel, String(n));
			if (id !== undefined) this.ids.push(id);
		}
	}

	stop(): void {
		this.#stopped = true;
	}
}

/** An EventSource, which comes back with its last id until it has seen the end of every channel. */
class Follower {
	readonly seen: Map<string, unknown[]>;
	readonly gaps: unknown[] = [];
	visits = 0;
	readonly #scene: Scene;
	readonly #sse: ServerSentEvents;
	lastEventId: string | undefined = "0";

	constructor(scene: Scene, sse: ServerSentEvents, channels: readonly string[]) {
		this.#scene = scene;
		this.#sse = sse;
		this.seen = new Map(channels.map((name) => [name, []]));
	}

	async run(): Promise<void> {
		const channels = [...this.seen.keys()];
		while (![...this.seen.values()].every((data) => data.at(-1) === "end")) {
			this.visits++;
			const { lastEventId } = this;
			const client = await this.#scene.open(this.#sse, channels, { lastEventId });
			let count = 0;
			const over = () => {
				for (const [channel, data] of client.seen.slice(count) as [string, string][]) {
					this.seen.get(channel)?.push(data);
					count++;
				}
				return client.state !== "open" || [...this.seen.values()].every((d) => d.at(-1) === "end");
			};
			await client.when(over, "an end", { openOnly: false, timeout: 30_000 });
			client.close();
			this.gaps.push(...client.gaps);
			({ lastEventId: this.lastEventId } = client);
			// As long as a browser would wait at the very least.
			await delay(20);
		}
	}
}

async function allKept(sse: ServerSentEvents, channel: string): Promise<Message[]> {
	const messages: Message[] = [];
	for (let after = "0-0", more = true; more; ) {
		const page = await sse.connector.history?.read(channel, after, 100);
		for (const { id, payload } of page?.messages ?? []) {
			if (payload === undefined) continue;
			const { data } = JSON.parse(payload) as { data: string };
			messages.push({ id, data: JSON.parse(data)[1] });
		}
		after = page?.messages.at(-1)?.id ?? after;
		more = page?.more ?? false;
	}
	return messages;
}
