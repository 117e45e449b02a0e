import type {
	History,
	HistoryOptions,
	HistoryPage,
	KeptMessage,
	PublishResult,
} from "../../core/connector.ts";
import { isEmpty } from "../../core/message/position.ts";
import { coversEmpty, emptyRange } from "./empty-range.ts";
import { type HistoryLimits, historyLimits } from "./history-limits.ts";
import { streamKey } from "./redis-slot.ts";

/** Runs one command; rejects with a `ConnectorError`, whose cause is Redis' own. */
export type Run = (args: readonly string[]) => Promise<unknown>;

/** Sharded pub/sub has commands of its own, and listeners of its own. */
export type PublishCommand = "PUBLISH" | "SPUBLISH";

/**
 * Appends to the channel's stream and publishes, as one step: of two publishers whoever is stored first is
 * heard first. One entry more than promised is kept: whoever has seen that one can be given all the others. A new
 * stream begins with its birth: as long as that is there, nothing is missing from this life of the channel.
 *
 * KEYS: stream. ARGV: channel, payload, entries to keep, ms to keep them, PUBLISH or SPUBLISH.
 */
const publishScript = `
if redis.call('EXISTS', KEYS[1]) == 0 then redis.call('XADD', KEYS[1], '*', 'birth', '') end
local id = redis.call('XADD', KEYS[1], 'MAXLEN', '=', ARGV[3], '*', 'm', ARGV[2])
local time = redis.call('TIME')
local oldest = time[1] * 1000 + math.floor(time[2] / 1000) - ARGV[4]
if oldest > 0 then redis.call('XTRIM', KEYS[1], 'MINID', string.format('%d', oldest)) end
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return {redis.call(ARGV[5], ARGV[1], '{"id":"' .. id .. '",' .. string.sub(ARGV[2], 2)), id}`;

/**
 * The id of the newest entry, or of one that stands so many before it. Where there is no stream, that and the time:
 * nothing is written for a reader.
 *
 * KEYS: stream. ARGV: entries to go back.
 */
const headScript = `
local back = tonumber(ARGV[1])
local newest = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', back + 1)
if newest[back + 1] then return newest[back + 1][1] end
if newest[1] then return '0-0' end
local time = redis.call('TIME')
return string.format('~%d-0', time[1] * 1000 + math.floor(time[2] / 1000))`;

/**
 * The first entries, and the time by the broker's clock, in ms.
 *
 * KEYS: stream. ARGV: entries.
 */
const firstScript = `
local time = redis.call('TIME')
local now = string.format('%d', time[1] * 1000 + math.floor(time[2] / 1000))
return {now, redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', ARGV[1])}`;

/**
 * History in a Redis stream per channel.
 *
 * @see https://redis.io/docs/latest/develop/data-types/streams/
 */
export class RedisHistory implements History {
	readonly #run: Run;
	readonly #limits: HistoryLimits;
	readonly #publish: Script;
	readonly #head: Script;
	readonly #first: Script;
	readonly #command: PublishCommand;

	/**
	 * @param byHash calls scripts by their hash, which is shorter, and takes a second command the first time.
	 *   Where each command is billed they are sent whole.
	 */
	constructor(
		run: Run,
		options: HistoryOptions,
		byHash: boolean,
		command: PublishCommand = "PUBLISH",
	) {
		this.#run = run;
		this.#command = command;
		this.#limits = historyLimits(options);
		this.#publish = new Script(publishScript, run, byHash);
		this.#head = new Script(headScript, run, byHash);
		this.#first = new Script(firstScript, run, byHash);
	}

	async publish(channel: string, payload: string): Promise<PublishResult> {
		const { maxLength, maxAge } = this.#limits;
		const args = [channel, payload, String(maxLength + 1), String(maxAge), this.#command];
		const reply = await this.#publish.call(streamKey(channel), args);
		const [receivers, id] = reply as [number, string];
		return { receivers: Number(receivers), id: String(id) };
	}

	async head(channel: string, back = 0): Promise<string> {
		return String(await this.#head.call(streamKey(channel), [String(back)]));
	}

	async read(channel: string, after: string, limit: number): Promise<HistoryPage> {
		if (after === "0-0" || isEmpty(after)) return this.#readFirst(channel, after, limit);
		// From the position itself, which must still be there, to one more than is asked for.
		const count = String(limit + 2);
		const reply = await this.#run(["XRANGE", streamKey(channel), after, "+", "COUNT", count]);
		const entries = reply as Entry[];
		const found = String(entries[0]?.[0]) === after;
		const rest = found ? entries.slice(1) : entries;
		return page(found, rest, limit);
	}

	async #readFirst(channel: string, after: string, limit: number): Promise<HistoryPage> {
		// One more than is asked for, and the birth.
		const reply = await this.#first.call(streamKey(channel), [String(limit + 2)]);
		const [now, entries] = reply as [string, Entry[]];
		const [first] = entries;
		const born = first?.[1][0] === "birth";
		const at = first === undefined ? Number(now) : Number.parseInt(String(first[0]), 10);
		const whole = first === undefined || born;
		const empty = whole ? emptyRange(at, this.#limits.maxAge) : undefined;
		const rest = born ? entries.slice(1) : entries;
		return { ...page(coversEmpty(after, empty), rest, limit), empty };
	}
}

type Entry = [id: string, fields: string[]];

function page(covered: boolean, rest: readonly Entry[], limit: number): HistoryPage {
	const messages = rest.slice(0, limit).map(([id, fields]) => kept(String(id), fields));
	return { covered, messages, more: rest.length > limit };
}

function kept(id: string, [field, payload]: string[]): KeptMessage {
	if (field !== "m" || payload === undefined) return { id, payload: undefined }; // not ours
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
