import type {
	Connector,
	HistoryPage,
	KeptMessage,
	SubscriptionHandlers,
} from "../../../../src/core/connector.ts";
import { ConnectorError } from "../../../../src/core/errors.ts";

interface Kept extends KeptMessage {
	sequence: number;
}

interface Subscriber {
	/** Subscribers of one process share one way to the broker. */
	process: number;
	handlers: SubscriptionHandlers;
	/** Messages on the way to it. */
	queue: string[];
}

/** A channel of the fake store. Each message is its own number, counted from 1. */
class FakeChannel {
	kept: Kept[] = [];
	/** The number of the newest message that was trimmed. */
	trimmed = 0;
	/** The second part of that message's id. */
	gone = 0;
	published = 0;
	subscribers = new Set<Subscriber>();
}

interface PendingRead {
	/** Fixes the answer as the server would. The answer may arrive later. */
	serve(): void;
	answer(): void;
	fail(): void;
	served: boolean;
}

/**
 * A broker whose test decides when anything happens. The store has a message at once, and subscribers and
 * readers get it when the test says so.
 */
export class FakeBroker {
	readonly #channels = new Map<string, FakeChannel>();
	readonly reads: PendingRead[] = [];
	/** The last number given in an id; one count for all channels. */
	#clock = 0;

	channel(name: string): FakeChannel {
		const channel = this.#channels.get(name) ?? new FakeChannel();
		this.#channels.set(name, channel);
		return channel;
	}

	/** @param padding spaces in the payload, outside of the data. */
	publish(name: string, padding = 0): void {
		const channel = this.channel(name);
		const sequence = ++channel.published;
		const id = `1-${++this.#clock}`;
		const payload = `{"id":"${id}","data":${JSON.stringify([name, sequence])}${" ".repeat(padding)}}`;
		channel.kept.push({ id, payload, sequence });
		for (const { queue } of channel.subscribers) queue.push(payload);
	}

	/** A message of a publisher that does not store, long enough to fill a client's buffer. */
	foreign(name: string): void {
		const payload = JSON.stringify({ data: "foreign ".repeat(40) });
		for (const { queue } of this.channel(name).subscribers) queue.push(payload);
	}

	/** Trims the channel to the newest `keep` messages. */
	trim(name: string, keep: number): void {
		const channel = this.channel(name);
		for (const { id, sequence } of channel.kept.splice(
			0,
			Math.max(0, channel.kept.length - keep),
		)) {
			channel.trimmed = Math.max(channel.trimmed, sequence);
			channel.gone = Number(id.slice(2));
		}
	}

	/** Replaces the store by one whose clock is behind, so that its ids begin before the earlier ones. */
	replace(name: string): void {
		this.trim(name, 0);
		this.#clock = 0;
	}

	/** Delivers up to `count` messages of the channel to a process. */
	deliver(name: string, count: number, process: number): void {
		for (const { queue, handlers, ...subscriber } of [...this.channel(name).subscribers]) {
			if (subscriber.process !== process) continue;
			for (const payload of queue.splice(0, count)) handlers.onMessage(payload);
		}
	}

	/** Loses what is on the way, sends the last two messages again, and restores the subscriptions. */
	lose(name: string, process: number): void {
		const channel = this.channel(name);
		for (const { queue, handlers, ...subscriber } of [...channel.subscribers]) {
			if (subscriber.process !== process) continue;
			handlers.onLost(new ConnectorError("unavailable", "lost, as ordered"));
			queue.length = 0;
			queue.push(...channel.kept.slice(-2).flatMap(({ payload }) => payload ?? []));
			handlers.onRestored();
		}
	}

	connect(process: number): Connector {
		const ask = <T>(answer: () => T) => this.#ask(answer);
		return {
			name: "fake",
			scope: "process",
			history: {
				read: (name, after, limit) => ask(() => this.#page(name, after, limit)),
				head: (name, back = 0) => ask(() => this.#head(name, back)),
			},
			publish: async () => ({ receivers: 0 }),
			subscribe: async (name, handlers) => {
				const subscriber: Subscriber = { process, handlers, queue: [] };
				const { subscribers } = this.channel(name);
				subscribers.add(subscriber);
				return { unsubscribe: async () => void subscribers.delete(subscriber) };
			},
			close: async () => undefined,
		};
	}

	#ask<T>(look: () => T): Promise<T> {
		return new Promise((resolve, reject) => {
			let seen: { value: T } | undefined;
			const read: PendingRead = {
				served: false,
				serve: () => {
					seen ??= { value: look() };
					read.served = true;
				},
				answer: () => {
					read.serve();
					this.reads.splice(this.reads.indexOf(read), 1);
					if (seen !== undefined) resolve(seen.value);
				},
				fail: () => {
					this.reads.splice(this.reads.indexOf(read), 1);
					reject(new ConnectorError("unavailable", "no answer, as ordered"));
				},
			};
			this.reads.push(read);
		});
	}

	#page(name: string, after: string, limit: number): HistoryPage {
		// Small pages, so that a few messages already take several.
		const most = Math.min(limit, 3);
		const channel = this.channel(name);
		const { kept } = channel;
		const at = kept.findIndex(({ id }) => id === after);
		const rest = kept.filter(({ id }) => order(id) > order(after));
		// A client that saw the channel empty after the newest trimmed message has missed nothing.
		const empty = { from: `~1-${channel.gone}`, to: `~1-${this.#clock}` };
		return {
			covered: at !== -1 || after === "0-0",
			...(after === "0-0" && { empty }),
			messages: rest.slice(0, most).map(({ id, payload }) => ({ id, payload })),
			more: rest.length > most,
		};
	}

	#head(name: string, back: number): string {
		const channel = this.channel(name);
		const found = channel.kept.at(-1 - back);
		if (found !== undefined) return found.id;
		return channel.kept.length > 0 ? "0-0" : `~1-${this.#clock}`;
	}
}

function order(id: string): number {
	const [ms = 0, sequence = 0] = id.split("-").map(Number);
	return ms * 1e9 + sequence;
}
