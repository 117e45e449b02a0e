import type { History, HistoryPage } from "../../core/connector.ts";
import { isEmpty } from "../../core/message/position.ts";
import { coversEmpty, emptyRange } from "./empty-range.ts";
import { type Entry, isBirth, kept } from "./redis-entry.ts";
import type { Run, Script, ScriptMaker } from "./redis-script.ts";
import { guarded, type RedisStore } from "./redis-store.ts";

/**
 * The id of the newest entry, or of an earlier one. Without a stream: the id and the time. A
 * reader never causes a write.
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
 * The first entries, and the broker's time in ms.
 *
 * KEYS: stream. ARGV: entries.
 */
const firstScript = `
local time = redis.call('TIME')
local now = string.format('%d', time[1] * 1000 + math.floor(time[2] / 1000))
return {now, redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', ARGV[1])}`;

/**
 * Empties a stream, if there is one, except for an entry that marks this. Without that entry, a
 * reader with an earlier empty position would think that the channel had been empty all along.
 *
 * KEYS: stream, list of keys, their ids. ARGV: ms to keep the entry.
 */
const forgetScript = `
redis.call('DEL', KEYS[2], KEYS[3])
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('XADD', KEYS[1], 'MAXLEN', '=', 1, '*', 'forgotten', '')
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return 1`;

/**
 * History in one Redis stream per channel.
 *
 * @see https://redis.io/docs/latest/develop/data-types/streams/
 */
export class RedisHistory implements History {
	readonly #run: Run;
	readonly #store: RedisStore;
	readonly #head: Script;
	readonly #first: Script;
	readonly #forget: Script;

	constructor(store: RedisStore, run: Run, scripts: ScriptMaker) {
		this.#store = store;
		this.#run = run;
		this.#head = scripts(headScript, run);
		this.#first = scripts(firstScript, run);
		this.#forget = scripts(forgetScript, run);
	}

	async head(channel: string, back = 0): Promise<string> {
		return String(await this.#call(this.#head, channel, String(back)));
	}

	async read(channel: string, after: string, limit: number): Promise<HistoryPage> {
		if (after === "0-0" || isEmpty(after)) return this.#readFirst(channel, after, limit);
		const { stream } = this.#store.keysOf(channel);
		// From the position itself, which must still be there, to one more than requested.
		const count = String(limit + 2);
		const args = ["XRANGE", stream, after, "+", "COUNT", count];
		const reply = await guarded(
			stream,
			channel,
			this.#run(stream, () => args),
		);
		const entries = reply as Entry[];
		const found = String(entries[0]?.[0]) === after;
		const rest = found ? entries.slice(1) : entries;
		return page(found, rest, limit);
	}

	async forget(channel: string): Promise<void> {
		const { stream, names, ids } = this.#store.keysOf(channel);
		const { maxAge } = this.#store.limitsOf(channel);
		const args = ["3", stream, names, ids, String(maxAge)];
		await guarded(
			stream,
			channel,
			this.#forget(stream, () => args),
		);
	}

	async #readFirst(channel: string, after: string, limit: number): Promise<HistoryPage> {
		// One more than requested, and the birth.
		const reply = await this.#call(this.#first, channel, String(limit + 2));
		const [now, entries] = reply as [string, Entry[]];
		const [first] = entries;
		const born = first !== undefined && isBirth(first);
		const at = first === undefined ? Number(now) : Number.parseInt(String(first[0]), 10);
		const whole = first === undefined || born;
		const empty = whole ? emptyRange(at, this.#store.limitsOf(channel).maxAge) : undefined;
		const rest = born ? entries.slice(1) : entries;
		return { ...page(coversEmpty(after, empty), rest, limit), empty };
	}

	#call(script: Script, channel: string, arg: string): Promise<unknown> {
		const { stream } = this.#store.keysOf(channel);
		const calling = script(stream, () => ["1", stream, arg]);
		return guarded(stream, channel, calling);
	}
}

function page(covered: boolean, rest: readonly Entry[], limit: number): HistoryPage {
	const messages = rest.slice(0, limit).map(kept);
	return { covered, messages, more: rest.length > limit };
}
