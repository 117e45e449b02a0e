/** How long a key is remembered, in ms. */
const keyAge = 300_000;

/** The most keys. The oldest is dropped first. */
const mostKeys = 10_000;

// `n` is the order of arrival, and the rowid: the oldest are found without an index on `at`, which
// would write another row. There is no AUTOINCREMENT: its table cannot be dropped, so the storage
// would never be empty.
const create = `CREATE TABLE IF NOT EXISTS sse_keys (
	n INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, at INTEGER NOT NULL, id TEXT NOT NULL
)`;

// Reads what it frees and a row or two more: the keys are in order of time.
const free = `DELETE FROM sse_keys WHERE n < max(
	(SELECT n FROM sse_keys WHERE at > ? ORDER BY n LIMIT 1), (SELECT max(n) FROM sse_keys) - ?
)`;

type Sql = (query: string, ...bindings: (string | number)[]) => Record<string, unknown>[];

/**
 * The keys of a channel's recent messages, in its object's SQLite, so that a repeated publish
 * stores nothing.
 */
export class SqlKeys {
	readonly #sql: Sql;

	constructor(sql: Sql) {
		this.#sql = sql;
	}

	/** The id of the recent message with this key. */
	idOf(key: string): string | undefined {
		if (!this.#exist()) return undefined;
		const since = Date.now() - keyAge;
		const [row] = this.#sql("SELECT id FROM sse_keys WHERE name = ? AND at > ?", key, since);
		return row === undefined ? undefined : String(row.id);
	}

	remember(key: string, id: string): void {
		const now = Date.now();
		this.#sql(create);
		this.#sql("INSERT OR REPLACE INTO sse_keys (name, at, id) VALUES (?, ?, ?)", key, now, id);
		this.#sql(free, now - keyAge, mostKeys - 1);
	}

	/** When all will have expired, in ms since 1970. Undefined: there is none. */
	end(): number | undefined {
		if (!this.#exist()) return undefined;
		const [last] = this.#sql("SELECT at FROM sse_keys ORDER BY n DESC LIMIT 1");
		return Number(last?.at ?? 0) + keyAge;
	}

	drop(): void {
		this.#sql("DROP TABLE IF EXISTS sse_keys");
	}

	#exist(): boolean {
		return this.#sql("SELECT 1 FROM sqlite_master WHERE name = 'sse_keys'").length > 0;
	}
}
