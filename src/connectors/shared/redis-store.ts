import type { HistoryOptions, OutgoingMessage, PublishOutcome } from "../../core/connector.ts";
import { ConnectorError } from "../../core/errors.ts";
import { type LimitsOf, limitsByChannel } from "./history-limits.ts";
import type { ChannelBatch } from "./publish-queue.ts";
import { publishScript } from "./publish-script.ts";
import type { Run, Script, ScriptMaker } from "./redis-script.ts";
import { historyPrefix, keysOf } from "./redis-slot.ts";
import { ServerClock } from "./server-clock.ts";

/** Sharded pub/sub has its own commands, and its own listeners. */
export type PublishCommand = "PUBLISH" | "SPUBLISH";

/** How much Redis keeps of each channel, and where. */
export interface RedisHistoryOptions extends HistoryOptions {
	/**
	 * What the keys begin with, without braces. Set it for a user whose ACL allows only some
	 * keys, or to separate the histories of several applications. Every process that publishes to
	 * a channel or streams it must use the same prefix.
	 *
	 * @defaultValue `"sse:history:"`. Behind an ioredis client with a `keyPrefix`: that prefix
	 *   and `"sse:history:"`.
	 */
	keyPrefix?: string | undefined;
}

/** Stores and publishes in one step, with one Redis stream per channel. */
export class RedisStore {
	readonly limitsOf: LimitsOf;
	readonly prefix: string;
	readonly #command: PublishCommand;
	readonly #script: Script;
	readonly #timeout: number;
	readonly #clock: ServerClock;
	readonly #errorOf: (reply: string) => ConnectorError;

	/** @param settings `errorOf` turns a script's own error into the connector's. */
	constructor(
		options: RedisHistoryOptions,
		settings: {
			run: Run;
			scripts: ScriptMaker;
			command: PublishCommand;
			/** How long a call may take, in ms. Then it is given up. */
			timeout: number;
			errorOf: (reply: string) => ConnectorError;
		},
	) {
		this.limitsOf = limitsByChannel(options, ["keyPrefix"]);
		this.prefix = keyPrefix(options.keyPrefix);
		this.#command = settings.command;
		this.#errorOf = settings.errorOf;
		this.#timeout = settings.timeout;
		this.#clock = new ServerClock(settings.timeout);
		this.#script = settings.scripts(publishScript, settings.run);
	}

	/**
	 * One call for all messages, which share a slot where slots matter. A call that is given up is not carried out later.
	 */
	async publish(
		channels: readonly string[],
		take: () => readonly ChannelBatch[],
		ms?: number,
	): Promise<PublishOutcome[]> {
		const first = await this.#attempt(channels, take, ms);
		if (first !== undefined) return first;
		// Nothing was done, and now the server's clock is known.
		const second = await this.#attempt(channels, take, ms);
		if (second !== undefined) return second;
		throw new ConnectorError(
			"unavailable",
			"The publish reached Redis too late, and was not carried out.",
		);
	}

	/** @returns undefined when the server refused it as too late. */
	async #attempt(
		channels: readonly string[],
		take: () => readonly ChannelBatch[],
		ms: number | undefined,
	): Promise<PublishOutcome[] | undefined> {
		let messages: OutgoingMessage[] = [];
		let sent = 0;
		const make = () => {
			const batches = take();
			messages = batches.flatMap((batch) => batch.messages);
			sent = performance.now();
			return messages.length === 0 ? undefined : this.#arguments(batches, sent + this.#timeout);
		};
		const [first = ""] = channels;
		const key = this.keysOf(first).stream;
		const replies = await guarded(key, first, this.#script(key, make, ms));
		const received = performance.now();
		if (messages.length === 0) return [];
		if (!Array.isArray(replies)) {
			this.#clock.correct(Number(replies), received);
			return undefined;
		}
		return messages.map(({ channel, key }, index) => {
			const [receivers, id] = [Number(replies[2 * index]), String(replies[2 * index + 1])];
			if (receivers === -1) return { error: this.#failed(channel, id) };
			if (id === "") return { receivers };
			// The id of a repeated key is that of the first message.
			if (key === undefined) this.#clock.learn(Number.parseInt(id, 10), sent, received);
			return { receivers, id };
		});
	}

	keysOf(channel: string) {
		return keysOf(channel, this.prefix);
	}

	#failed(channel: string, reply: string): ConnectorError {
		const { stream, names, ids } = this.keysOf(channel);
		// The script says which key is in the way.
		const key = [names, ids].find((each) => reply.endsWith(` ${each}`)) ?? stream;
		const type = key === names ? "list" : key === ids ? "hash" : "stream";
		return wrongTypeOr(this.#errorOf(reply), key, channel, type);
	}

	/** @param latest when the call is given up, by `performance.now()`. */
	#arguments(batches: readonly ChannelBatch[], latest: number): string[] {
		const keys: string[] = [];
		const args: string[] = [this.#command, String(this.#clock.at(latest))];
		for (const { channel, messages } of batches) {
			const { stream, names, ids } = this.keysOf(channel);
			const isKeyed = messages.some(({ key }) => key !== undefined);
			const used = isKeyed ? [stream, names, ids] : [stream];
			keys.push(...used);
			const { maxLength, maxAge } = this.limitsOf(channel);
			args.push(channel, String(maxLength + 1), String(maxAge));
			args.push(String(messages.length), String(used.length));
			for (const { keep, key, payload } of messages) {
				args.push(keep === false ? "-" : key === undefined ? "" : `=${key}`, payload);
			}
		}
		return [String(keys.length), ...keys, ...args];
	}
}

/** Explains the error of a key that another program uses. */
export async function guarded<T>(key: string, channel: string, running: Promise<T>): Promise<T> {
	try {
		return await running;
	} catch (error) {
		throw error instanceof ConnectorError ? wrongTypeOr(error, key, channel) : error;
	}
}

function wrongTypeOr(
	error: ConnectorError,
	key: string,
	channel: string,
	type = "stream",
): ConnectorError {
	const { cause } = error;
	const reply = cause instanceof Error ? cause.message : error.message;
	if (!/\bWRONGTYPE\b/.test(reply)) return error;
	return new ConnectorError(
		"refused",
		`The key ${JSON.stringify(key)} is in use by another program: it holds no ${type}. The history of the channel ` +
			`${JSON.stringify(channel)} belongs there. Rename or delete that key, or place the histories elsewhere: ` +
			'history: { keyPrefix: "app1:sse:" }.',
		{ cause: error },
	);
}

/** @throws {TypeError} when keys with this prefix would not all be in their channel's slot. */
function keyPrefix(prefix: unknown = historyPrefix): string {
	if (typeof prefix === "string" && /^[^{}]*$/.test(prefix) && prefix.isWellFormed()) return prefix;
	throw new TypeError(
		'history.keyPrefix: must be a string without braces, such as "app1:sse:". A Cluster places a key by the text in its braces, which must be the channel\'s.',
	);
}
