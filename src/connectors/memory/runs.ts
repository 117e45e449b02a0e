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
import type { HistoryLimits } from "../shared/history-limits.ts";
import type { MemoryHistory } from "./history.ts";

/** What runs need of the connector. */
interface Broker {
	/** Throws when it is closed, or has no such channel. */
	check(channel: string): void;
	deliver(channel: string, payload: string): void;
}

interface Run extends RunClaim {
	state: RunState;
	until: number;
	count: number;
	bytes: number;
	readonly started: number;
	end?: { id: string; at: number; state: RunEndState; reason: string };
	cancel?: string;
	/** When it is to be gone, in ms since 1970. */
	expires: number;
}

/** Between two looks for runs that have expired, in ms. */
const sweepPause = 1_000;

/** Runs of this process, and gone with it. */
export class MemoryRuns implements RunStore {
	readonly #history: MemoryHistory;
	readonly #broker: Broker;
	readonly #runs = new Map<string, Run>();
	#sweptAt = 0;

	constructor(history: MemoryHistory, broker: Broker) {
		this.#history = history;
		this.#broker = broker;
	}

	async claim(channel: string, claim: RunClaim): Promise<{ mine: boolean; record: RunRecord }> {
		const found = this.#find(channel);
		if (found !== undefined) return { mine: found.token === claim.token, record: recordOf(found) };
		const now = Date.now();
		const life = claim.maxAge + claim.keepDone;
		const run: Run = {
			...claim,
			state: "running",
			until: now + claim.lease,
			count: 0,
			bytes: 0,
			started: now,
			expires: now + life,
		};
		this.#runs.set(channel, run);
		this.#history.hold(channel, this.#limits(life));
		return { mine: true, record: recordOf(run) };
	}

	async append(channel: string, { token, payloads, from }: RunAppend): Promise<RunAppended> {
		const run = this.#find(channel);
		if (run?.token !== token || run.state !== "running") {
			return { refused: "superseded", state: run?.state };
		}
		if (from !== undefined && run.count < from) return { refused: "lost" };
		const now = Date.now();
		if (now > run.started + run.maxAge) return { refused: "age" };
		for (const payload of payloads.slice(from === undefined ? 0 : run.count - from)) {
			if (run.count >= run.maxLength) return { refused: "length" };
			// Counted as the text's length: nothing here is bytes.
			run.bytes += payload.length;
			if (run.bytes > run.maxBytes) return { refused: "bytes" };
			run.count++;
			this.#broker.deliver(channel, this.#history.keep(channel, payload).payload);
		}
		run.until = now + run.lease;
		return { count: run.count, cancel: run.cancel };
	}

	async finish(channel: string, finish: RunFinish): Promise<RunFinished> {
		const { token, state, reason, payload } = finish;
		const run = this.#find(channel);
		if (run === undefined || (token !== undefined && run.token !== token)) {
			return { refused: "superseded" };
		}
		if (run.end !== undefined) return { end: run.end.id, state: run.end.state };
		const now = Date.now();
		if (token === undefined && run.until >= now) return { refused: "alive" };
		const kept = this.#history.keep(channel, payload);
		run.state = state;
		run.end = { id: kept.id, at: now, state, reason };
		run.expires = now + run.keepDone;
		this.#broker.deliver(channel, kept.payload);
		return { end: kept.id, state };
	}

	async status(channel: string): Promise<RunRecord | undefined> {
		const run = this.#find(channel);
		return run && recordOf(run);
	}

	async cancel(channel: string, reason: string, payload: string): Promise<RunRecord | undefined> {
		const run = this.#find(channel);
		if (run === undefined) return undefined;
		if (run.end === undefined) {
			run.cancel ??= reason;
			this.#broker.deliver(channel, payload);
		}
		return recordOf(run);
	}

	async delete(channel: string, payload: string): Promise<void> {
		const run = this.#find(channel);
		if (run === undefined) return;
		this.#broker.deliver(channel, payload);
		this.#drop(channel);
	}

	#find(channel: string): Run | undefined {
		this.#broker.check(channel);
		const now = Date.now();
		const isDue = now >= this.#sweptAt + sweepPause;
		if (isDue) this.#sweptAt = now;
		for (const name of isDue ? this.#runs.keys() : [channel]) {
			if ((this.#runs.get(name)?.expires ?? now) < now) this.#drop(name);
		}
		return this.#runs.get(channel);
	}

	#drop(channel: string): void {
		this.#runs.delete(channel);
		this.#history.release(channel);
	}

	/** One object for all runs of the same life: the history keeps those together. */
	#limits(maxAge: number): HistoryLimits {
		const limits = this.#lives.get(maxAge) ?? { maxLength: Number.MAX_SAFE_INTEGER, maxAge };
		this.#lives.set(maxAge, limits);
		return limits;
	}

	readonly #lives = new Map<number, HistoryLimits>();
}

function recordOf(run: Run): RunRecord {
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
