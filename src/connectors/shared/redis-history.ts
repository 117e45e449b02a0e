import type { History, HistoryPage, KeptMessage } from "../../core/connector.ts";
import { type Run, Script } from "./redis-script.ts";
import { guarded, type RedisStore } from "./redis-store.ts";

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
 * Empties a stream, if there is one, but for an entry that says so: with none at all, a reader who saw the channel empty
 * before would take it for empty all along.
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
 * History in a Redis stream per channel.
 *
 * @see https://redis.io/docs/latest/develop/data-types/streams/
 */
export class RedisHistory implements History {
	readonly #run: Run;
	readonly #store: RedisStore;
	readonly #head: Script;
	readonly #forget: Script;

	constructor(store: RedisStore, run: Run, byHash: boolean) {
		this.#store = store;
		this.#run = run;
		this.#head = new Script(headScript, run, byHash);
		this.#forget = new Script(forgetScript, run, byHash);
	}

	async head(channel: string, back = 0): Promise<string> {
		const { stream } = this.#store.keysOf(channel);
		const { maxAge } = this.#store.limitsOf(channel);
		const args = ["1", stream, String(maxAge), String(back)];
		return String(
			await this.#guarded(
				channel,
				this.#head.call(stream, () => args),
			),
		);
	}

	async read(channel: string, after: string, limit: number): Promise<HistoryPage> {
		const { stream } = this.#store.keysOf(channel);
		// From the position itself, which must still be there, to one more than is asked for.
		const count = String(limit + 2);
		const args = ["XRANGE", stream, after, "+", "COUNT", count];
		const reply = await this.#guarded(
			channel,
			this.#run(stream, () => args),
		);
		const entries = reply as [id: string, fields: string[]][];
		const found = String(entries[0]?.[0]) === after;
		const rest = found ? entries.slice(1) : entries;
		const messages = rest.slice(0, limit).map(([id, fields]) => kept(String(id), fields));
		return { covered: found || after === "0-0", messages, more: rest.length > limit };
	}

	async forget(channel: string): Promise<void> {
		const { stream, names, ids } = this.#store.keysOf(channel);
		const { maxAge } = this.#store.limitsOf(channel);
		const args = ["3", stream, names, ids, String(maxAge)];
		await this.#guarded(
			channel,
			this.#forget.call(stream, () => args),
		);
	}

	#guarded<T>(channel: string, running: Promise<T>): Promise<T> {
		return guarded(this.#store.keysOf(channel).stream, [channel], running);
	}
}

function kept(id: string, [field, payload]: string[]): KeptMessage {
	// Where the stream began or was emptied, there is an entry that is no message.
	if (field !== "m" || payload === undefined) return { id, payload: undefined };
	return { id, payload: `{"id":"${id}",${payload.slice(1)}` };
}
