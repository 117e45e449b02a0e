import type { ObjectStorage } from "cloudflare:workers";
import type { LocalRun, RunPlace } from "../connectors/shared/local-runs.ts";
import { ConnectorError } from "../core/errors.ts";
import type { SqlHistory } from "./sql-history.ts";

// One row, and one written with each call that changes it.
const create = "CREATE TABLE IF NOT EXISTS sse_run (n INTEGER PRIMARY KEY, run TEXT NOT NULL)";

/** Where a channel's object has its run, beside the messages in its SQLite. */
export class SqlRuns implements RunPlace {
	readonly #storage: ObjectStorage;
	readonly #history: SqlHistory;
	readonly #deliver: (channel: string, payload: string) => void;

	constructor(
		storage: ObjectStorage,
		history: SqlHistory,
		deliver: (channel: string, payload: string) => void,
	) {
		this.#storage = storage;
		this.#history = history;
		this.#deliver = deliver;
	}

	get(): LocalRun | undefined {
		const run = this.#read();
		if (run === undefined || run.expires >= Date.now()) return run;
		this.#free();
		return undefined;
	}

	set(_channel: string, run: LocalRun): void {
		this.#sql("INSERT OR REPLACE INTO sse_run (n, run) VALUES (1, ?)", JSON.stringify(run));
	}

	begin(_channel: string, run: LocalRun): void {
		this.#sql(create);
		this.#limit(run);
		this.#history.empty();
	}

	keep(_channel: string, payload: string, run: LocalRun): { id: string; payload: string } {
		this.#limit(run);
		return this.#history.keep(payload);
	}

	deliver(channel: string, payload: string): void {
		this.#deliver(channel, payload);
	}

	drop(): void {
		this.#sql("DROP TABLE IF EXISTS sse_run");
		this.#history.empty();
	}

	async changed({ expires }: LocalRun): Promise<void> {
		await this.#history.alarm.bringForward(expires);
	}

	/** The alarm. @returns whether there was a run that has expired. */
	async freeExpired(): Promise<boolean> {
		const run = this.#read();
		if (run === undefined) return false;
		if (run.expires < Date.now()) {
			this.#free();
			return true;
		}
		await this.#history.alarm.bringForward(run.expires);
		return false;
	}

	#free(): void {
		this.#sql("DROP TABLE sse_run");
		this.#history.drop();
	}

	/** What the run says is kept for as long as itself. */
	#limit({ maxAge, keepDone }: LocalRun): void {
		this.#history.limits = { maxLength: Number.MAX_SAFE_INTEGER, maxAge: maxAge + keepDone };
	}

	#read(): LocalRun | undefined {
		const [table] = this.#sql("SELECT 1 FROM sqlite_master WHERE name = 'sse_run'");
		if (table === undefined) return undefined;
		const [row] = this.#sql("SELECT run FROM sse_run");
		return row && JSON.parse(String(row.run));
	}

	#sql(query: string, ...bindings: (string | number)[]) {
		try {
			return this.#storage.sql.exec(query, ...bindings).toArray();
		} catch (cause) {
			const reason = cause instanceof Error ? cause.message : String(cause);
			throw new ConnectorError("refused", `The object's storage refused: ${reason}`, { cause });
		}
	}
}
