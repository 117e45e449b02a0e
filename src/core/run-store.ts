/** How a run stands; all but `running` are ends. */
export type RunState = "running" | "done" | "error" | "cancelled" | "lost";

/** How a run ended. */
export type RunEndState = Exclude<RunState, "running">;

/** What the store knows of a run. Times are by the broker's clock. */
export interface RunRecord {
	/** How it stands. */
	readonly state: RunState;
	/** Tells this run from an earlier one of the same id. */
	readonly name: string;
	/** How long its producer may be silent, in ms. */
	readonly lease: number;
	/** The rest of the lease, in ms; below 0: it lapsed that long ago. */
	readonly left: number;
	/** Messages so far, the end not counted. */
	readonly count: number;
	/** In ms since 1970. */
	readonly started: number;
	/** The id of its end; there when it has ended. */
	readonly end?: string | undefined;
	/** In ms since 1970; there when it has ended. */
	readonly ended?: number | undefined;
	/** What was said of the end. */
	readonly reason?: string | undefined;
	/** The reason for a requested cancel. Absent: nobody asked. */
	readonly cancel?: string | undefined;
}

/** The settings of a run that begins. */
export interface RunClaim {
	/** Known to the producer alone. */
	readonly token: string;
	/** Tells this run from an earlier one of the same id. */
	readonly name: string;
	/** How long the producer may be silent, in ms. */
	readonly lease: number;
	/** How long the run may last, in ms. */
	readonly maxAge: number;
	/** How long it is kept after its end, in ms. */
	readonly keepDone: number;
	/** Messages, at most. */
	readonly maxLength: number;
	/** Their payloads together, at most, in bytes. */
	readonly maxBytes: number;
}

/** What a producer adds to its run. */
export interface RunAppend {
	/** The claim's. */
	readonly token: string;
	/** None: only the lease is extended. */
	readonly payloads: readonly string[];
	/** How many messages came before these; undefined: it is not known. */
	readonly from?: number | undefined;
}

/**
 * Why a run takes no more.
 *
 * - `superseded`: the run does not belong to this producer: it has ended, was deleted, or was started again.
 * - `lost`: the store has fewer messages than it had taken.
 * - `length`, `bytes`, `age`: that is the most that there may be.
 */
export type RunRefusal = "superseded" | "lost" | "length" | "bytes" | "age";

/** The outcome of `append`. */
export type RunAppended =
	/** @param count all messages so far. @param cancel the reason for a requested cancel. */
	| { readonly refused?: undefined; readonly count: number; readonly cancel?: string | undefined }
	| { readonly refused: RunRefusal; readonly state?: RunState | undefined };

/** How a run is ended. */
export interface RunFinish {
	/** Undefined: a reader ends the run because its lease has lapsed. */
	readonly token: string | undefined;
	/** How it ends. */
	readonly state: RunEndState;
	/** Why, for people. */
	readonly reason: string;
	/** The message that says so. */
	readonly payload: string;
}

/** The outcome of `finish`. */
export type RunFinished =
	/** How it has ended, by this call or before. */
	| { readonly refused?: undefined; readonly end: string; readonly state: RunEndState }
	/** `alive`: the lease has not lapsed. `superseded`: the run belongs to another producer, or does not exist. */
	| { readonly refused: "superseded" | "alive" };

/**
 * What a connector with history can do besides: streams with an end. A run is a channel whose messages one producer
 * makes, and a record of how it stands, both in the same place. Each of these is one atomic step, by the broker's
 * clock. With it,
 *
 * - R1. `claim` MUST make a run of whoever comes first, and give everyone else the record, until the run is deleted or
 *   has expired. The channel MUST be empty then, as after `forget`. A claim of the same token MUST succeed again.
 * - R2. `append` MUST store and deliver the payloads in order, as `publish` does (H1, H2, and `read`), in one step with
 *   the look at the token, and extend the lease. It MUST store nothing of another token, or once the run has ended.
 * - R3. With `from`, `append` MUST store only what it has not stored: a call that is made again does no harm. When it has
 *   fewer than `from` messages it MUST refuse as `lost`.
 * - R4. `append` MUST refuse what is over the claim's `maxLength`, `maxBytes` or `maxAge`; `finish` MUST NOT.
 * - R5. The answer to `append` MUST carry the reason that `cancel` noted.
 * - R6. `finish` MUST store and deliver its payload, and note its id as the end, exactly once, however many call; the
 *   others MUST be told how it has ended. Without a token it MUST refuse as `alive` while the lease has not lapsed.
 * - R7. Nothing of a run MAY be trimmed while it is kept. `keepDone` after its end, or `maxAge` and `keepDone` after its
 *   beginning, record and history MUST be gone.
 * - R8. `cancel` MUST note the first reason, and deliver its payload as it is, unstored, while the run lasts.
 * - R9. `delete` MUST deliver its payload as it is, unstored, and then take record and history away, so that the id
 *   is free and no position of before is covered.
 * - R10. `status` and `cancel` MUST resolve to undefined where there is no run, and MUST NOT store anything then.
 */
export interface RunStore {
	/** R1: begins a run. `mine`: the caller is its producer. */
	claim(
		channel: string,
		claim: RunClaim,
	): Promise<{ readonly mine: boolean; readonly record: RunRecord }>;
	/** R2 to R5: adds messages, and extends the lease. */
	append(channel: string, append: RunAppend): Promise<RunAppended>;
	/** R6: ends a run. */
	finish(channel: string, finish: RunFinish): Promise<RunFinished>;
	/** R10: how it stands. Undefined: there is none. */
	status(channel: string): Promise<RunRecord | undefined>;
	/** R8: asks its producer to stop. */
	cancel(channel: string, reason: string, payload: string): Promise<RunRecord | undefined>;
	/** R9: takes it away. */
	delete(channel: string, payload: string): Promise<void>;
}
