import type { OutgoingMessage, PublishOutcome } from "../../core/connector.ts";
import { closedError } from "../../core/errors.ts";
import type { ChannelBatch } from "../shared/publish-queue.ts";
import { plainScript } from "../shared/publish-script.ts";
import { type Make, type Run, sentWhole } from "../shared/redis-script.ts";
import { type RedisHistoryOptions, RedisStore } from "../shared/redis-store.ts";
import { assertWellFormed } from "../shared/well-formed.ts";
import { Commands } from "./commands.ts";
import { type Rest, RestError } from "./rest.ts";

/** Sends all messages of a call as one request and one billed command. */
export class UpstashSender {
	readonly run: Run;
	/** Present when messages are kept. */
	readonly store: RedisStore | undefined;
	readonly #commands: Commands;
	#closed = false;

	constructor(rest: Rest, timeout: number, history: RedisHistoryOptions | undefined) {
		this.#commands = new Commands(rest, timeout);
		this.run = async (_key: string, make: Make) => {
			const args = make();
			return args && this.#commands.run(args);
		};
		if (history === undefined) return;
		this.store = new RedisStore(history, {
			run: this.run,
			scripts: sentWhole,
			command: "PUBLISH",
			timeout,
			errorOf: (reply) => new RestError("refused", `Upstash answered: ${reply}`),
		});
	}

	/** @returns an outcome for each message, in order. */
	async send(
		channels: readonly string[],
		take: () => readonly ChannelBatch[],
	): Promise<PublishOutcome[]> {
		const lines = () => take().map(onOneLine);
		return this.store?.publish(channels, lines) ?? this.#plain(lines());
	}

	/** @throws {ConnectorError} `closed`; a TypeError for a name that no request can carry. */
	check(channel = "", payload = ""): void {
		if (this.#closed) throw closedError("upstash connector");
		assertWellFormed("channel", channel);
		assertWellFormed("payload", payload);
	}

	/** Accepts nothing from now on. */
	close(): void {
		this.#closed = true;
	}

	/** Whether no command is running. */
	get isIdle(): boolean {
		return this.#commands.isIdle;
	}

	/** Resolves when no command is running. */
	async idle(): Promise<void> {
		await this.#commands.idle();
	}

	async #plain(batches: readonly ChannelBatch[]): Promise<PublishOutcome[]> {
		const messages: OutgoingMessage[] = batches.flatMap((batch) => batch.messages);
		const [only] = messages;
		if (only === undefined) return [];
		if (messages.length === 1) {
			return [{ receivers: await this.#commands.publish(only.channel, only.payload) }];
		}
		const args = messages.flatMap(({ channel, payload }) => [channel, payload]);
		const replies = await this.#commands.run(["EVAL", plainScript, "0", "PUBLISH", ...args]);
		return messages.map((_, index) => ({ receivers: Number((replies as unknown[])[index]) }));
	}
}

/**
 * A subscription's stream is made of lines. In JSON a line break stands between values, where a
 * space may stand, too.
 */
function onOneLine(batch: ChannelBatch): ChannelBatch {
	const messages = batch.messages.map((message) => ({
		...message,
		payload: message.payload.replaceAll(/[\r\n]/g, " "),
	}));
	return { ...batch, messages };
}
