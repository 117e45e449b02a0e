import { byteLength } from "../../core/message/text.ts";
import type {
	RunAppend,
	RunAppended,
	RunClaim,
	RunEndState,
	RunFinish,
	RunFinished,
	RunRecord,
	RunState,
	RunStore,
} from "../../core/run-store.ts";

/** A run as it is stored. */
export interface LocalRun extends RunClaim {
	state: RunState;
	/** When the lease lapses, in ms since 1970, as all times. */
	until: number;
	count: number;
	bytes: number;
	readonly started: number;
	end?: { id: string; at: number; state: RunEndState; reason: string };
	cancel?: string;
	/** When it expires. */
	expires: number;
}

/** Where runs are stored, and their messages. Nothing here takes time: a call of the store is one step. */
export interface RunPlace {
	/** The run, if it has not expired. */
	get(channel: string): LocalRun | undefined;
	set(channel: string, run: LocalRun): void;
	/** Empties the channel, whose messages are now kept for as long as the run. */
	begin(channel: string, run: LocalRun): void;
	/** Stores a message. @returns it as its subscribers are to receive it. */
	keep(channel: string, payload: string, run: LocalRun): { id: string; payload: string };
	deliver(channel: string, payload: string): void;
	drop(channel: string): void;
	/** A run has begun or ended. */
	changed?(run: LocalRun): Promise<void>;
}

/** Runs in a store that is this program's own: nobody else changes it between two lines. */
export class LocalRuns implements RunStore {
	readonly #place: RunPlace;

	constructor(place: RunPlace) {
		this.#place = place;
	}

	async claim(channel: string, claim: RunClaim): Promise<{ mine: boolean; record: RunRecord }> {
		const found = this.#place.get(channel);
		if (found !== undefined) return { mine: found.token === claim.token, record: recordOf(found) };
		const now = Date.now();
		const run: LocalRun = {
			...claim,
			state: "running",
			until: now + claim.lease,
			count: 0,
			bytes: 0,
			started: now,
			expires: now + claim.maxAge + claim.keepDone,
		};
		this.#place.begin(channel, run);
		this.#place.set(channel, run);
		await this.#place.changed?.(run);
		return { mine: true, record: recordOf(run) };
	}

	async append(channel: string, { token, payloads, from }: RunAppend): Promise<RunAppended> {
		const run = this.#place.get(channel);
		if (run?.token !== token || run.state !== "running") {
			return { refused: "superseded", state: run?.state };
		}
		if (from !== undefined && run.count < from) return { refused: "lost" };
		const now = Date.now();
		if (now > run.started + run.maxAge) return { refused: "age" };
		for (const payload of payloads.slice(from === undefined ? 0 : run.count - from)) {
			const bytes = run.bytes + byteLength(payload);
			if (run.count >= run.maxLength || bytes > run.maxBytes) {
				this.#place.set(channel, run);
				return { refused: run.count >= run.maxLength ? "length" : "bytes" };
			}
			run.bytes = bytes;
			run.count++;
			this.#place.deliver(channel, this.#place.keep(channel, payload, run).payload);
		}
		run.until = now + run.lease;
		this.#place.set(channel, run);
		return { count: run.count, cancel: run.cancel };
	}

	async finish(channel: string, finish: RunFinish): Promise<RunFinished> {
		const { token, state, reason, payload } = finish;
		const run = this.#place.get(channel);
		if (run === undefined || (token !== undefined && run.token !== token)) {
			return { refused: "superseded" };
		}
		if (run.end !== undefined) return { end: run.end.id, state: run.end.state };
		const now = Date.now();
		if (token === undefined && run.until >= now) return { refused: "alive" };
		const kept = this.#place.keep(channel, payload, run);
		run.state = state;
		run.end = { id: kept.id, at: now, state, reason };
		run.expires = now + run.keepDone;
		this.#place.set(channel, run);
		this.#place.deliver(channel, kept.payload);
		await this.#place.changed?.(run);
		return { end: kept.id, state };
	}

	async status(channel: string): Promise<RunRecord | undefined> {
		const run = this.#place.get(channel);
		return run && recordOf(run);
	}

	async cancel(channel: string, reason: string, payload: string): Promise<RunRecord | undefined> {
		const run = this.#place.get(channel);
		if (run === undefined) return undefined;
		if (run.end === undefined) {
			run.cancel ??= reason;
			this.#place.set(channel, run);
			this.#place.deliver(channel, payload);
		}
		return recordOf(run);
	}

	async delete(channel: string, payload: string): Promise<void> {
		const run = this.#place.get(channel);
		if (run === undefined) return;
		this.#place.deliver(channel, payload);
		this.#place.drop(channel);
	}
}

function recordOf(run: LocalRun): RunRecord {
	return {
		state: run.state,
		name: run.name,
		lease: run.lease,
		left: run.until - Date.now(),
		count: run.count,
		started: run.started,
		end: run.end?.id,
		ended: run.end?.at,
		reason: run.end?.reason,
		cancel: run.cancel,
	};
}
