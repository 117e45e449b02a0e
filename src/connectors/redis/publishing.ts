import type {
	OutgoingMessage,
	PublishOutcome,
	PublishResult,
	SendOptions,
} from "../../core/connector.ts";
import { ConfigurationError } from "../../core/errors.ts";
import { PerRequest } from "../../core/request-mark.ts";
import { Backlog, sizeOf } from "../shared/backlog.ts";
import { outcomeOf } from "../shared/outcome.ts";
import { type ChannelBatch, PublishQueue, slack } from "../shared/publish-queue.ts";
import { calledByHash, type Make } from "../shared/redis-script.ts";
import { historyPrefix } from "../shared/redis-slot.ts";
import { type RedisHistoryOptions, RedisStore } from "../shared/redis-store.ts";
import { UnderWay } from "../shared/under-way.ts";
import { assertWellFormed } from "../shared/well-formed.ts";
import { closed, toConnectorError, unanswered } from "./errors.ts";
import type { Publisher } from "./publisher.ts";
import type { Topology } from "./topology.ts";

/** The publishing half of the connector, with its own connections. */
export class RedisPublishing {
	readonly scope: "process" | "request";
	/** Present when messages are kept. */
	readonly store: RedisStore | undefined;
	readonly #topology: Topology;
	readonly #timeout: number;
	readonly #queues: PerRequest<PublishQueue>;
	/** Bounds pipelined publishes. */
	readonly #backlog = new Backlog("redis()");
	/** One per process, or one per use. */
	readonly #open: UnderWay<Publisher>;
	#publisher: Publisher | undefined;
	#closed = false;

	constructor(
		topology: Topology,
		timeout: number,
		scope: "process" | "request",
		history: RedisHistoryOptions | undefined,
	) {
		this.scope = scope;
		this.#topology = topology;
		this.#timeout = timeout;
		// Time to connect, and to get the answer.
		this.#open = new UnderWay(scope === "process" ? Infinity : 2 * timeout + slack);
		if (history !== undefined) {
			const placed = { ...history, keyPrefix: history.keyPrefix ?? placeOf(topology.keyPrefix) };
			this.store = new RedisStore(placed, {
				run: (...args) => this.run(...args),
				scripts: calledByHash,
				command: topology.publishCommand,
				timeout,
				errorOf: (reply) => toConnectorError(new Error(reply), topology.address),
			});
		}
		const transport = {
			timeout,
			together: false,
			owner: "redis()",
			send: (channels: readonly string[], take: () => readonly ChannelBatch[], ms: number) =>
				this.store?.publish(channels, take, ms) ?? this.#plain(channels, take, ms),
			late: () => unanswered(topology.address, timeout),
		};
		this.#queues = new PerRequest(scope, () => new PublishQueue(transport), timeout + slack);
	}

	/** Present when messages are kept. */
	get history(): unknown {
		return this.store;
	}

	async publish(
		channel: string,
		payload: string,
		options: SendOptions = {},
	): Promise<PublishResult> {
		this.check(channel, payload);
		const message = { ...options, channel, payload };
		return this.#isPipelined ? this.#pipelined(message) : this.#queues.get().publish(message);
	}

	async publishAll(messages: readonly OutgoingMessage[]): Promise<PublishOutcome[]> {
		for (const { channel, payload } of messages) this.check(channel, payload);
		if (!this.#isPipelined) return this.#queues.get().publishAll(messages);
		return Promise.all(messages.map((message) => outcomeOf(this.#pipelined(message))));
	}

	/** @param ms how long to wait for a connection, in ms. */
	async run(key: string, make: Make, ms = this.#timeout): Promise<unknown> {
		return this.#with((publisher) => publisher.run(key, make, ms));
	}

	/** @throws {ConnectorError} `closed`; a TypeError for text that Redis cannot carry. */
	check(channel: string, payload = ""): void {
		if (this.#closed) throw closed();
		assertWellFormed("channel", channel);
		assertWellFormed("payload", payload);
	}

	close(): void {
		this.#closed = true;
		for (const publisher of this.#open.all()) {
			publisher.close();
			this.#open.delete(publisher);
		}
		for (const queue of this.#queues.all()) queue.close(closed());
	}

	/**
	 * One connection carries plain publishes in the order of the calls, without waits in between.
	 */
	get #isPipelined(): boolean {
		return this.store === undefined && this.scope === "process" && !this.#topology.isSpread;
	}

	async #pipelined(message: OutgoingMessage): Promise<PublishResult> {
		const { channel, payload } = message;
		const refusal = this.#backlog.enter(sizeOf(message));
		if (refusal !== undefined) throw refusal;
		try {
			const args = [this.#topology.publishCommand, channel, payload];
			return { receivers: Number(await this.run(channel, () => args)) };
		} finally {
			this.#backlog.leave(sizeOf(message));
		}
	}

	/** One channel's messages, written together. */
	async #plain(
		[channel = ""]: readonly string[],
		take: () => readonly ChannelBatch[],
		ms: number,
	): Promise<PublishOutcome[]> {
		return this.#with(async (publisher) => {
			const argsOf = ({ payload }: OutgoingMessage) => [
				this.#topology.publishCommand,
				channel,
				payload,
			];
			const send = async (make: Make): Promise<PublishResult> => ({
				receivers: Number(await publisher.run(channel, make, ms)),
			});
			let batch: readonly OutgoingMessage[] | undefined;
			let others: Promise<PublishOutcome[]> = Promise.resolve([]);
			// The first asks for the batch once there is a connection. The others follow as soon as it
			// is written.
			const follow = async (rest: readonly OutgoingMessage[]) => {
				await undefined;
				return Promise.all(rest.map((message) => outcomeOf(send(() => argsOf(message)))));
			};
			const first = send(() => {
				if (batch === undefined) {
					batch = take().flatMap(({ messages }) => messages);
					others = follow(batch.slice(1));
				}
				const [head] = batch;
				return head && argsOf(head);
			});
			const outcome = await outcomeOf(first);
			// Nothing was sent because there was no connection. The waiting messages are not to blame.
			if (batch === undefined && outcome.error !== undefined) throw outcome.error;
			return [outcome, ...(await others)].slice(0, batch?.length ?? 0);
		});
	}

	async #with<T>(use: (publisher: Publisher) => Promise<T>): Promise<T> {
		if (this.#closed) throw closed();
		if (this.scope === "process") {
			this.#publisher ??= this.#keep(this.#topology.publisher(this.#timeout));
			return use(this.#publisher);
		}
		const publisher = this.#keep(this.#topology.publisher(this.#timeout));
		try {
			return await use(publisher);
		} finally {
			publisher.close();
			this.#open.delete(publisher);
		}
	}

	#keep(publisher: Publisher): Publisher {
		this.#open.add(publisher);
		return publisher;
	}
}

/** The default place of histories: behind the prefix of the caller's client. */
function placeOf(keyPrefix = ""): string {
	if (!/[{}]/.test(keyPrefix)) return keyPrefix + historyPrefix;
	throw new ConfigurationError(
		"redis(): the client's keyPrefix has braces, which a Cluster would use instead of the channel's. " +
			'Set history: { keyPrefix: "app1:sse:" }.',
	);
}
