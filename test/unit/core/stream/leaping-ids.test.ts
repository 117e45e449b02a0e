import { expect, test } from "vitest";
import type {
	Connector,
	KeptMessage,
	SubscriptionHandlers,
} from "../../../../src/core/connector.ts";
import { until } from "../../../support/wait.ts";
import { open, scene, told } from "./kit.ts";

/** A store whose clock the test sets, and a channel on which the test can send any payload. */
class Store {
	now = 1_790_000_000_000;
	readonly kept: (KeptMessage & { payload: string })[] = [];
	reads = 0;
	#stored = 0;
	/** Reads wait for this promise. */
	readable: Promise<unknown> = Promise.resolve();
	#handlers: SubscriptionHandlers | undefined;

	/** @returns a function that lets the store answer. */
	wait(): () => void {
		const answers: (() => void)[] = [];
		this.readable = new Promise<void>((resolve) => answers.push(resolve));
		return () => answers[0]?.();
	}

	/** Sends a payload to the subscriber, whether it is stored or not. */
	say(payload: string): void {
		this.#handlers?.onMessage(payload);
	}

	store(data: unknown): string {
		const id = `${this.now}-${this.#stored++}`;
		const payload = `{"id":"${id}","data":${JSON.stringify(data)}}`;
		this.kept.push({ id, payload });
		return payload;
	}

	connect(): Connector {
		return {
			name: "store",
			scope: "process",
			publish: async () => ({ receivers: 0 }),
			subscribe: async (channel, handlers) => {
				if (channel === "a") this.#handlers = handlers;
				return { unsubscribe: async () => undefined };
			},
			close: async () => undefined,
			history: {
				head: async () => {
					this.reads++;
					const head = this.kept.at(-1)?.id ?? `~${this.now}-0`;
					await this.readable;
					return head;
				},
				read: async (_, after, limit) => {
					this.reads++;
					const at = this.kept.findIndex(({ id }) => id === after);
					const messages = this.kept.slice(at + 1).slice(0, limit);
					const covered = at !== -1 || after === "0-0";
					await this.readable;
					const empty = { from: "~0-0", to: `~${this.now}-0` };
					return { covered, messages, more: this.kept.length - at - 1 > limit, empty };
				},
			},
		};
	}
}

const forged = (n = 0) => `{"id":"999999999999${String(n).padStart(3, "0")}-0","data":"forged"}`;

test("an id far ahead of the broker's time that is not stored does not block its channel", async () => {
	const store = new Store();
	const it = scene({ connector: store.connect() });
	const client = await open(it);
	const place = await client.placed();
	for (let n = 0; n < 200; n++) store.say(forged(n));
	store.say(store.store("true"));
	for (let n = 200; n < 400; n++) store.say(forged(n));
	expect(await client.data(1)).toEqual(["true"]);
	store.say(store.store("next"));
	expect(await client.data(2)).toEqual(["true", "next"]);
	await until(() => it.sse.stats().droppedMessages === 400, { what: "the forged to be dropped" });
	expect(client.events.map(({ id }) => id)).toEqual(store.kept.map(({ id }) => id));
	expect(place).toMatch(/^~/);
	expect(store.reads).toBeLessThan(5);
	expect(new Set(told(it))).toEqual(
		new Set([
			"decode: Dropped a message whose id is ahead of the broker's time and is not in the history.",
		]),
	);
});

test("an id far ahead that is stored is delivered, with what follows it, in order", async () => {
	const store = new Store();
	const it = scene({ connector: store.connect() });
	const client = await open(it);
	await client.placed();
	store.reads = 0;
	// The broker's clock is moved forward by a day.
	store.now += 86_400_000;
	const answer = store.wait();
	store.say(store.store(1));
	store.say('{"data":"not stored"}');
	store.say(store.store(2));
	await until(() => store.reads > 0, { what: "the store to be asked" });
	store.say(store.store(3));
	store.say(forged());
	answer();
	const first = await client.data(4);
	expect(first).toEqual(["1", "not stored", "2", "3"]);
	await until(() => it.sse.stats().droppedMessages === 1, { what: "the forged to be dropped" });
	const reads = store.reads;
	// Now the new time is known.
	for (let n = 4; n < 10; n++) store.say(store.store(n));
	await client.data(10);
	expect(store.reads).toBe(reads);
	expect(client.gaps).toEqual([]);
});

test("messages that the store trims before it is asked are delivered from memory", async () => {
	const store = new Store();
	const it = scene({ connector: store.connect() });
	const client = await open(it);
	await client.placed();
	store.say(forged());
	store.say(store.store(1));
	store.say(store.store(2));
	store.kept.shift();
	store.say(store.store(3));
	expect(await client.data(3)).toEqual(["1", "2", "3"]);
	expect(client.gaps).toEqual([]);
});

test("a subscription that is lost while the store is asked recovers, and the forged message is dropped", async () => {
	const store = new Store();
	const it = scene({ connector: store.connect() });
	const client = await open(it);
	await client.placed();
	store.reads = 0;
	const answer = store.wait();
	store.say(forged());
	store.say(store.store(1));
	await until(() => store.reads > 0, { what: "the store to be asked" });
	await it.broker.without("a", async () => void store.store(2));
	answer();
	expect(await client.data(2)).toEqual(["1", "2"]);
	await until(() => it.sse.stats().droppedMessages === 1, { what: "the forged to be dropped" });
	store.say(store.store(3));
	expect(await client.data(3)).toEqual(["1", "2", "3"]);
});
