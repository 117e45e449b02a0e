import type {
	History,
	HistoryOptions,
	HistoryPage,
	KeptMessage,
	PublishResult,
} from "../../core/connector.ts";
import { type HistoryLimits, historyLimits } from "./history-limits.ts";
import { historyPrefix, streamKey } from "./redis-slot.ts";

/** How much Redis keeps of each channel, and where. */
export interface RedisHistoryOptions extends HistoryOptions {
	/**
	 * What the keys begin with: for a user whose ACL allows some keys only, and to keep the histories of several
	 * applications apart. The rest is the same for everyone. It has no braces. Every process that publishes to a
	 * channel or streams it must say the same.
	 *
	 * @defaultValue `"sse:history:"`; behind a client of ioredis with a `keyPrefix`, that and `"sse:history:"`.
	 */
	keyPrefix?: string | undefined;
}

/** Runs one command; rejects with a `ConnectorError`, whose cause is Redis' own. */
export type Run = (args: readonly string[]) => Promise<unknown>;

/** Sharded pub/sub has commands of its own, and listeners of its own. */
export type PublishCommand = "PUBLISH" | "SPUBLISH";

/**
 * Appends to the channel's stream and publishes, as one step: of two publishers whoever is stored first is
 * heard first. One entry more than promised is kept: whoever has seen that one can be given all the others.
 *
 * KEYS: stream. ARGV: channel, payload, entries to keep, ms to keep them, PUBLISH or SPUBLISH.
 */
const publishScript = `
local id = redis.call('XADD', KEYS[1], 'MAXLEN', '=', ARGV[3], '*', 'm', ARGV[2])
local time = redis.call('TIME')
local oldest = time[1] * 1000 + math.floor(time[2] / 1000) - ARGV[4]
if oldest > 0 then redis.call('XTRIM', KEYS[1], 'MINID', string.format('%d', oldest)) end
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return {redis.call(ARGV[5], ARGV[1], '{"id":"' .. id .. '",' .. string.sub(ARGV[2], 2)), id}`;

/**
 * The id of the newest entry, or of one that stands so many before it. In an empty stream, of a marker, where
 * a reader can wait for the first message.
 *
 * KEYS: stream. ARGV: ms to keep the marker, entries to go back.
 */
const headScript = `
local back = tonumber(ARGV[2])
local newest = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', back + 1)
if newest[back + 1] then return newest[back + 1][1] end
if back > 0 then return '0-0' end
local id = redis.call('XADD', KEYS[1], '*', 'marker', '')
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return id`;

/**
 * History in a Redis stream per channel.
 *
 * @see https://redis.io/docs/latest/develop/data-types/streams/
 */
export class RedisHistory implements History {
	readonly #run: Run;
	readonly #limits: HistoryLimits;
	readonly #prefix: string;
	readonly #publish: Script;
	readonly #head: Script;
	readonly #command: PublishCommand;

	/**
	 * @param byHash calls scripts by their hash, which is shorter, and takes a second command the first time.
	 *   Where each command is billed they are sent whole.
	 */
	constructor(
		run: Run,
		options: RedisHistoryOptions,
		byHash: boolean,
		command: PublishCommand = "PUBLISH",
	) {
		this.#run = run;
		this.#command = command;
		this.#limits = historyLimits(options);
		this.#prefix = keyPrefix(options.keyPrefix);
		this.#publish = new Script(publishScript, run, byHash);
		this.#head = new Script(headScript, run, byHash);
	}

	async publish(channel: string, payload: string): Promise<PublishResult> {
		const { maxLength, maxAge } = this.#limits;
		const args = [channel, payload, String(maxLength + 1), String(maxAge), this.#command];
		const reply = await this.#publish.call(streamKey(channel, this.#prefix), args);
		const [receivers, id] = reply as [number, string];
		return { receivers: Number(receivers), id: String(id) };
	}

	async head(channel: string, back = 0): Promise<string> {
		const args = [String(this.#limits.maxAge), String(back)];
		return String(await this.#head.call(streamKey(channel, this.#prefix), args));
	}

	async read(channel: string, after: string, limit: number): Promise<HistoryPage> {
		// From the position itself, which must still be there, to one more than is asked for.
		const count = String(limit + 2);
		const reply = await this.#run([
			"XRANGE",
			streamKey(channel, this.#prefix),
			after,
			"+",
			"COUNT",
			count,
		]);
		const entries = reply as [id: string, fields: string[]][];
		const found = String(entries[0]?.[0]) === after;
		const rest = found ? entries.slice(1) : entries;
		const messages = rest.slice(0, limit).map(([id, fields]) => kept(String(id), fields));
		return { covered: found || after === "0-0", messages, more: rest.length > limit };
	}
}

/** @throws {TypeError} when keys that begin so would not all be in their channel's slot. */
function keyPrefix(prefix: unknown = historyPrefix): string {
	if (typeof prefix === "string" && /^[^{}]*$/.test(prefix) && prefix.isWellFormed()) return prefix;
	throw new TypeError(
		"history.keyPrefix: must be a string without braces, such as \"app1:sse:\". A Cluster takes what is in braces for the key's place, which is the channel's to say.",
	);
}

function kept(id: string, [field, payload]: string[]): KeptMessage {
	if (field !== "m" || payload === undefined) return { id, payload: undefined }; // the marker
	return { id, payload: `{"id":"${id}",${payload.slice(1)}` };
}

/** A script: sent whole, or called by its hash and sent when the server does not know it (any more). */
class Script {
	readonly #text: string;
	readonly #run: Run;
	readonly #byHash: boolean;
	#hash: string | undefined;

	constructor(text: string, run: Run, byHash: boolean) {
		this.#text = text;
		this.#run = run;
		this.#byHash = byHash;
	}

	async call(key: string, args: readonly string[]): Promise<unknown> {
		if (this.#byHash) {
			this.#hash ??= await sha1(this.#text);
			try {
				return await this.#run(["EVALSHA", this.#hash, "1", key, ...args]);
			} catch (error) {
				if (!isUnknownScript(error)) throw error;
			}
		}
		return this.#run(["EVAL", this.#text, "1", key, ...args]);
	}
}

function isUnknownScript(error: unknown): boolean {
	const { cause } = error as { cause?: unknown };
	return cause instanceof Error && cause.message.startsWith("NOSCRIPT");
}

async function sha1(text: string): Promise<string> {
	const digest = await crypto.subtle.digest("SHA-1", new TextEncoder().encode(text));
	return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
