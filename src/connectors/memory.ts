import type {
	Connector,
	HistoryOptions,
	OutgoingMessage,
	PublishOutcome,
	PublishResult,
	SendOptions,
	Subscription,
	SubscriptionHandlers,
} from "../core/connector.ts";
import { closedError } from "../core/errors.ts";
import { checkNames } from "../core/known-names.ts";
import { MemoryHistory } from "./memory/history.ts";
import { callHandler } from "./shared/handlers.ts";
import { assertWellFormed } from "./shared/well-formed.ts";

export interface MemoryOptions {
	/** Keeps messages, so that clients can come back to where they left off. Default: none are kept. */
	history?: HistoryOptions | undefined;
}

/**
 * A broker inside this process: what is published here reaches the streams of this process, and
 * nobody else's. For development, tests, and a single instance.
 *
 * On Cloudflare Workers it cannot deliver: every request there has its I/O to itself.
 */
export function memory(options: MemoryOptions = {}): Connector {
	return new MemoryConnector(options);
}

class MemoryConnector implements Connector {
	readonly name = "memory";
	readonly scope = "process";
	readonly history: MemoryHistory | undefined;
	// Each subscription is an entry of its own: the same handlers may subscribe twice.
	readonly #channels = new Map<string, Set<{ handlers: SubscriptionHandlers }>>();
	#closed = false;

	constructor(options: MemoryOptions) {
		checkNames(
			"memory(): ",
			options,
			["history"],
			[["Write history: { maxLength, maxAge }.", "maxLength maxAge"]],
		);
		const { history } = options;
		if (history !== undefined) this.history = new MemoryHistory(history);
	}

	async publish(
		channel: string,
		payload: string,
		{ keep, key }: SendOptions = {},
	): Promise<PublishResult> {
		this.#check(channel, payload);
		const known = key === undefined ? undefined : this.history?.idOfKey(channel, key);
		if (known !== undefined) return { receivers: 0, id: known };
		const kept = keep === false ? undefined : this.history?.keep(channel, payload);
		if (kept && key !== undefined) this.history?.rememberKey(channel, key, kept.id);
		const delivered = kept?.payload ?? payload;
		const subscribers = this.#channels.get(channel) ?? new Set();
		const receivers = subscribers.size;
		// A copy, for a handler may subscribe to this very channel: that begins with the next message.
		for (const entry of [...subscribers]) {
			if (subscribers.has(entry)) callHandler(entry.handlers, "onMessage", delivered);
		}
		return kept === undefined ? { receivers } : { receivers, id: kept.id };
	}

	async publishAll(messages: readonly OutgoingMessage[]): Promise<PublishOutcome[]> {
		for (const { channel, payload } of messages) this.#check(channel, payload);
		return Promise.all(
			messages.map(({ channel, payload, ...options }) => this.publish(channel, payload, options)),
		);
	}

	async subscribe(channel: string, handlers: SubscriptionHandlers): Promise<Subscription> {
		this.#check(channel);
		const subscribers = this.#channels.get(channel) ?? new Set();
		this.#channels.set(channel, subscribers);
		const entry = { handlers };
		subscribers.add(entry);
		return {
			unsubscribe: async () => {
				subscribers.delete(entry);
				// The set may have been replaced by a newer one since it became empty.
				if (subscribers.size === 0 && this.#channels.get(channel) === subscribers) {
					this.#channels.delete(channel);
				}
			},
		};
	}

	async close(): Promise<void> {
		this.#closed = true;
		for (const subscribers of this.#channels.values()) {
			for (const entry of subscribers) {
				// Out before it is told, so that it is told once; a handler may take others out.
				subscribers.delete(entry);
				callHandler(entry.handlers, "onEnd", closedError("memory connector"));
			}
		}
		this.#channels.clear();
	}

	/** As every other connector does it: what works in development works with a broker. */
	#check(channel: string, payload = ""): void {
		if (this.#closed) throw closedError("memory connector");
		assertWellFormed("channel", channel);
		assertWellFormed("payload", payload);
	}
}
