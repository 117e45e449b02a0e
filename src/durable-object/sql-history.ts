import type { ObjectStorage } from "cloudflare:workers";
import { coversEmpty, emptyRange } from "../connectors/shared/empty-range.ts";
import { historyLimits } from "../connectors/shared/history-limits.ts";
import type { History, HistoryPage, KeptMessage } from "../core/connector.ts";
import { ConnectorError } from "../core/errors.ts";
import { isEmpty } from "../core/message/position.ts";
import { SqlAlarm } from "./sql-alarm.ts";
import { fitting, idOf, type Key, keyOf, stored } from "./sql-entries.ts";
import { SqlKeys } from "./sql-keys.ts";

// `n` numbers the entries, so that nothing has to count them. A table without rowids is its own
// index: an entry is one row written. The last publish sets how long entries are kept.
const create = `CREATE TABLE IF NOT EXISTS sse_history (
	ms INTEGER NOT NULL, seq INTEGER NOT NULL, n INTEGER NOT NULL, max_age INTEGER NOT NULL, payload TEXT,
	PRIMARY KEY (ms, seq)
) WITHOUT ROWID`;

/**
 * The history of one channel's object, in its SQLite. Every method runs within one turn of the
 * event loop, so each is one step. The object sends nothing that depends on it before it is
 * durably stored.
 *
 * @see https://developers.cloudflare.com/durable-objects/api/sqlite-storage-api/
 */
export class SqlHistory implements History {
	/** The limits of the current call. Each call brings its own. */
	limits = historyLimits({});
	readonly keys: SqlKeys;
	readonly alarm: SqlAlarm;
	readonly #storage: ObjectStorage;
	/** The newest entry, even if it is no longer kept: ids grow as long as the object lives. */
	#newest = { ms: 0, seq: 0, n: 0, maxAge: 0 };
	#ready = false;

	constructor(storage: ObjectStorage) {
		this.#storage = storage;
		this.alarm = new SqlAlarm(storage);
		this.keys = new SqlKeys((query, ...bindings) => this.#sql(query, ...bindings));
	}

	/**
	 * Stores a message and its key, both or neither. A stored message must also be handed on.
	 *
	 * @returns the payload that subscribers receive.
	 * @throws {ConnectorError} when the storage refuses.
	 */
	keep(payload: string, key?: string): { id: string; payload: string } {
		this.#open();
		const newest = this.#newest;
		try {
			return this.#storage.transactionSync(() => {
				const id = this.#add(payload);
				if (key !== undefined) this.keys.remember(key, id);
				return { id, payload: stored(id, payload) };
			});
		} catch (error) {
			// The table may be gone again.
			this.#ready = false;
			this.#newest = newest;
			throw error;
		}
	}

	/** Leaves an entry that is no message, so that readers from before notice the change. */
	async forget(): Promise<void> {
		this.empty();
		await this.setAlarm();
	}

	empty(): void {
		this.keys.drop();
		// Nothing is kept, so nothing is lost.
		if (!this.#open()) return;
		this.#insert("", Date.now(), this.limits.maxAge);
		const { ms, seq } = this.#newest;
		this.#sql("DELETE FROM sse_history WHERE (ms, seq) < (?, ?)", ms, seq);
	}

	/** Nothing is kept any more, whatever its age. */
	drop(): void {
		this.#sql("DROP TABLE IF EXISTS sse_history");
		this.#ready = false;
	}

	async read(_channel: string, after: string, limit: number): Promise<HistoryPage> {
		if (!this.#open()) return this.#nothing(after);
		const first = after === "0-0" || isEmpty(after);
		// From the position itself, which must still be there, to one more than requested.
		const from = this.#kept(keyOf(first ? "0-0" : after));
		const range = "FROM sse_history WHERE (ms, seq) >= (?, ?) ORDER BY ms, seq LIMIT ?";
		const keys = this.#sql(
			`SELECT ms, seq, octet_length(payload) AS size ${range}`,
			...[from.ms, from.seq, limit + 2],
		);
		if (keys[0] === undefined && first) return this.#nothing(after);
		const hasFirstEntry = first && keys[0]?.size === null;
		const found = hasFirstEntry || (keys[0] !== undefined && idOf(keys[0]) === after);
		const rest = found ? keys.slice(1) : keys;
		const count = fitting(rest.slice(0, limit).map(({ size }) => Number(size)));
		const rows = this.#sql(
			`SELECT ms, seq, payload ${range}`,
			...[from.ms, from.seq, count + (found ? 1 : 0)],
		);
		const messages = rows.slice(found ? 1 : 0).map((row): KeptMessage => {
			const id = idOf(row);
			return { id, payload: row.payload ? stored(id, String(row.payload)) : undefined };
		});
		const page = { covered: found, messages, more: rest.length > count };
		if (!first) return page;
		const empty = hasFirstEntry ? emptyRange(Number(keys[0]?.ms), this.#newest.maxAge) : undefined;
		return { ...page, covered: coversEmpty(after, empty), empty };
	}

	#nothing(after: string): HistoryPage {
		const page = { covered: false, messages: [], more: false };
		if (after !== "0-0" && !isEmpty(after)) return page;
		const empty = emptyRange(Date.now(), this.limits.maxAge);
		return { ...page, covered: coversEmpty(after, empty), empty };
	}

	async head(_channel: string, back = 0): Promise<string> {
		return this.position(back);
	}

	/** The same as `head`, within the turn of the caller. */
	position(back = 0): string {
		const newest = this.#open() ? this.#before(0) : undefined;
		if (newest === undefined) return `~${Date.now()}-0`;
		return (back === 0 ? newest : this.#before(back)) ?? "0-0";
	}

	/** The position before this many of the newest entries. */
	#before(back: number): string | undefined {
		const { ms, seq } = this.#kept({ ms: 0, seq: 0 });
		const [row] = this.#sql(
			"SELECT ms, seq FROM sse_history WHERE (ms, seq) >= (?, ?) ORDER BY ms DESC, seq DESC LIMIT 1 OFFSET ?",
			...[ms, seq, back],
		);
		return row && idOf(row);
	}

	/** Makes sure that entries are freed when nothing is published any more. */
	async setAlarm(): Promise<void> {
		await this.alarm.set(() => this.#historyEnd() ?? this.keys.end());
	}

	/**
	 * The alarm. It frees what has expired, messages or keys, and sets the next alarm for the
	 * rest.
	 *
	 * @param isDropped whether something else has just been freed.
	 */
	async freeExpired(isDropped = false): Promise<void> {
		this.alarm.fired();
		const now = Date.now();
		const [historyEnd, keysEnd] = [this.#historyEnd(), this.keys.end()];
		if (historyEnd === undefined && keysEnd === undefined && !isDropped) return;
		if (historyEnd !== undefined && historyEnd < now) {
			this.#sql("DROP TABLE sse_history");
			this.#ready = false;
		}
		if (keysEnd !== undefined && keysEnd < now) this.keys.drop();
		if (Math.max(historyEnd ?? 0, keysEnd ?? 0) >= now) return this.setAlarm();
		const [others] = this.#sql(
			"SELECT count(*) AS tables FROM sqlite_master WHERE name <> '_cf_METADATA'",
		);
		// An object with empty storage costs nothing. A subclass's data is not ours to delete.
		if (others?.tables === 0) await this.#storage.deleteAll();
	}

	/** When all messages will have expired, in ms since 1970. Undefined: none is stored. */
	#historyEnd(): number | undefined {
		return this.#open() ? this.#newest.ms + this.#newest.maxAge : undefined;
	}

	#add(payload: string): string {
		if (!this.#open()) this.#sql(create);
		this.#ready = true;
		const { maxLength, maxAge } = this.limits;
		const now = Date.now();
		// Nothing is kept, so an entry without a message comes first. While it exists, nothing after it is missing.
		if (this.#newest.ms < now - this.#newest.maxAge) this.#insert(null, now, maxAge);
		this.#insert(payload, now, maxAge);
		this.#sql("DELETE FROM sse_history WHERE ms < ?", now - maxAge);
		// One more than promised: a reader whose position is that entry can get all the others.
		const { ms, seq, n } = this.#newest;
		const [first] = this.#sql("SELECT n FROM sse_history ORDER BY ms, seq LIMIT 1");
		const surplus = n - Number(first?.n) - maxLength;
		if (surplus > 0) {
			this.#sql(
				"DELETE FROM sse_history WHERE (ms, seq) < " +
					"(SELECT ms, seq FROM sse_history ORDER BY ms, seq LIMIT 1 OFFSET ?)",
				surplus,
			);
		}
		return idOf({ ms, seq });
	}

	#insert(payload: string | null, now: number, maxAge: number): void {
		const last = this.#newest;
		// The clock may go back, but ids never do.
		const ms = Math.max(now, last.ms);
		const seq = ms === last.ms ? last.seq + 1 : 0;
		const n = last.n + 1;
		const row = [ms, seq, n, maxAge, payload] as const;
		this.#sql("INSERT INTO sse_history VALUES (?, ?, ?, ?, ?)", ...row);
		this.#newest = { ms, seq, n, maxAge };
	}

	/** The position, or where unexpired entries begin, if that is later. */
	#kept(from: Key): Key {
		const oldest = Date.now() - this.#newest.maxAge;
		return from.ms < oldest ? { ms: oldest, seq: 0 } : from;
	}

	/** @returns false when nothing is stored. A reader creates nothing. */
	#open(): boolean {
		if (this.#ready) return true;
		const [table] = this.#sql("SELECT 1 FROM sqlite_master WHERE name = 'sse_history'");
		if (table === undefined) return false;
		this.#ready = true;
		const [row] = this.#sql(
			"SELECT ms, seq, n, max_age FROM sse_history ORDER BY ms DESC, seq DESC LIMIT 1",
		);
		if (row !== undefined) {
			const { ms, seq, n, max_age: maxAge } = row;
			this.#newest = { ms: Number(ms), seq: Number(seq), n: Number(n), maxAge: Number(maxAge) };
		}
		return true;
	}

	#sql(query: string, ...bindings: (string | number | null)[]) {
		try {
			// Reads all rows at once: an open cursor would lock the table.
			return this.#storage.sql.exec(query, ...bindings).toArray();
		} catch (cause) {
			// Too big, full, or no SQLite at all: another attempt would not help.
			const reason = cause instanceof Error ? cause.message : String(cause);
			throw new ConnectorError("refused", `The object's storage refused: ${reason}`, { cause });
		}
	}
}
