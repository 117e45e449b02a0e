/**
 * A broker inside one process: for development, tests and a single instance.
 *
 * ```ts
 * import { ServerSentEvents } from "edge-sse";
 * import { memory } from "edge-sse/memory";
 *
 * const sse = new ServerSentEvents({ connector: memory() });
 * await sse.publish("Hello!", { channel: "news" }); // reaches this process's streams
 * ```
 *
 * @module
 */

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
import { MemoryRuns } from "./memory/runs.ts";
import { callHandler } from "./shared/handlers.ts";
import { LocalRuns } from "./shared/local-runs.ts";
import { assertWellFormed } from "./shared/well-formed.ts";

/** The options of `memory()`. */
export interface MemoryOptions {
	/**
	 * Keeps messages, so that clients that reconnect get what they missed.
	 *
	 * @defaultValue none: nothing is kept
	 */
	history?: HistoryOptions | undefined;
}

/**
 * A broker inside this process, for development, tests and a single instance. Its messages
 * reach only the streams of this process.
 *
 * It cannot deliver on Cloudflare Workers, where each request has its own I/O.
 *
 * @example
 * ```ts
 * import { ServerSentEvents } from "edge-sse";
 * import { memory } from "edge-sse/memory";
 *
 * const sse = new ServerSentEvents({ connector: memory({ history: { maxLength: 100 } }) });
 * ```
 *
 * @throws {TypeError} when an option is unknown, or a limit is no whole number of 1 or more.
 */
export function memory(options: MemoryOptions = {}): Connector {
	return new MemoryConnector(options);
}

class MemoryConnector implements Connector {
	readonly name = "memory";
	readonly scope = "process";
	readonly presence = { kind: "process" } as const;
	readonly history: MemoryHistory | undefined;
	readonly runs: LocalRuns | undefined;
	// Each subscription is its own entry, because the same handlers may subscribe twice.
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
		if (history === undefined) return;
		this.history = new MemoryHistory(history);
		const place = new MemoryRuns(this.history, {
			check: (channel) => this.#check(channel),
			deliver: (channel, payload) => this.#deliver(channel, payload),
		});
		this.runs = new LocalRuns(place);
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
		const receivers = this.#deliver(channel, kept?.payload ?? payload);
		return kept === undefined ? { receivers } : { receivers, id: kept.id };
	}

	#deliver(channel: string, payload: string): number {
		const subscribers = this.#channels.get(channel) ?? new Set();
		const receivers = subscribers.size;
		// A copy, because a handler may subscribe to this channel. Its subscription begins with the
		// next message.
		for (const entry of [...subscribers]) {
			if (subscribers.has(entry)) callHandler(entry.handlers, "onMessage", payload);
		}
		return receivers;
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
				// A newer set may have replaced this one since it became empty.
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
				// Removed before its handler runs, so that it is called once. A handler may remove others.
				subscribers.delete(entry);
				callHandler(entry.handlers, "onEnd", closedError("memory connector"));
			}
		}
		this.#channels.clear();
	}

	/** Checks the same as other connectors: what works in development works with a broker. */
	#check(channel: string, payload = ""): void {
		if (this.#closed) throw closedError("memory connector");
		assertWellFormed("channel", channel);
		assertWellFormed("payload", payload);
	}
}
