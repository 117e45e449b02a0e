import type {
	OutgoingMessage,
	PublishOutcome,
	PublishResult,
	SendOptions,
} from "../../core/connector.ts";
import { closedError } from "../../core/errors.ts";
import { PerRequest } from "../../core/request-mark.ts";
import { Backlog } from "../shared/backlog.ts";
import { type ChannelBatch, PublishQueue } from "../shared/publish-queue.ts";
import { plainScript } from "../shared/publish-script.ts";
import type { Make, Run } from "../shared/redis-script.ts";
import { type RedisHistoryOptions, RedisStore } from "../shared/redis-store.ts";
import { Commands } from "./commands.ts";
import { type Rest, RestError } from "./rest.ts";

/** The half of the connector that publishes: one request and one billed command for all that is gathered. */
export class UpstashPublishing {
	readonly run: Run;
	/** There when messages are kept. */
	readonly store: RedisStore | undefined;
	readonly #commands: Commands;
	readonly #queues: PerRequest<PublishQueue>;
	#closed = false;

	constructor(
		rest: Rest,
		timeout: number,
		scope: "process" | "request",
		history: RedisHistoryOptions | undefined,
	) {
		this.#commands = new Commands(rest, timeout);
		this.run = async (_key: string, make: Make) => {
			const args = make();
			return args && this.#commands.run(args);
		};
		if (history !== undefined) {
			this.store = new RedisStore(history, {
				run: this.run,
				byHash: false,
				command: "PUBLISH",
				errorOf: (reply) => new RestError("refused", `Upstash answered: ${reply}`),
			});
		}
		const transport = {
			timeout,
			together: true,
			backlog: new Backlog("upstash()"),
			send: (channels: readonly string[], take: () => readonly ChannelBatch[]) =>
				this.store?.publish(channels, take) ?? this.#plain(take),
			late: () => new RestError("unavailable", `Upstash did not answer within ${timeout} ms.`),
		};
		this.#queues = new PerRequest(scope, () => new PublishQueue(transport));
	}

	async publish(
		channel: string,
		payload: string,
		options: SendOptions = {},
	): Promise<PublishResult> {
		this.check(channel);
		return this.#queues.get().publish({ channel, payload, ...options });
	}

	async publishAll(messages: readonly OutgoingMessage[]): Promise<PublishOutcome[]> {
		for (const { channel } of messages) this.check(channel);
		return this.#queues.get().publishAll(messages);
	}

	/** @throws {ConnectorError} `closed`; a TypeError for a name that no request can carry. */
	check(channel = ""): void {
		if (this.#closed) throw closedError("upstash connector");
		// Half a surrogate pair has no UTF-8, and so no name on the wire; two such names would become one.
		if (channel.isWellFormed()) return;
		throw new TypeError("The channel name is not well-formed Unicode.");
	}

	/** Waits for the publishes that are under way, which their timeout bounds. */
	async close(): Promise<void> {
		this.#closed = true;
		for (const queue of this.#queues.all()) await queue.idle();
		await this.#commands.idle();
	}

	async #plain(take: () => readonly ChannelBatch[]): Promise<PublishOutcome[]> {
		const messages = take().flatMap((batch) => batch.messages);
		const [only, ...others] = messages;
		if (only === undefined) return [];
		if (others.length === 0) {
			return [{ receivers: await this.#commands.publish(only.channel, only.payload) }];
		}
		const args = messages.flatMap(({ channel, payload }) => [channel, payload]);
		const replies = await this.#commands.run(["EVAL", plainScript, "0", "PUBLISH", ...args]);
		return messages.map((_, index) => ({ receivers: Number((replies as unknown[])[index]) }));
	}
}
