import type { HistoryLimits } from "../shared/history-limits.ts";
import type { LocalRun, RunPlace } from "../shared/local-runs.ts";
import type { MemoryHistory } from "./history.ts";

/** What runs need of the connector. */
interface Broker {
	/** Throws when it is closed, or has no such channel. */
	check(channel: string): void;
	deliver(channel: string, payload: string): void;
}

/** Between two looks for runs that have expired, in ms. */
const sweepPause = 1_000;

/** Where the runs of this process are, and gone with it. */
export class MemoryRuns implements RunPlace {
	readonly #history: MemoryHistory;
	readonly #broker: Broker;
	readonly #runs = new Map<string, LocalRun>();
	/** One object for all runs of the same life: the history keeps those together. */
	readonly #limits = new Map<number, HistoryLimits>();
	#sweptAt = 0;

	constructor(history: MemoryHistory, broker: Broker) {
		this.#history = history;
		this.#broker = broker;
	}

	get(channel: string): LocalRun | undefined {
		this.#broker.check(channel);
		const now = Date.now();
		const isDue = now >= this.#sweptAt + sweepPause;
		if (isDue) this.#sweptAt = now;
		for (const name of isDue ? this.#runs.keys() : [channel]) {
			if ((this.#runs.get(name)?.expires ?? now) < now) this.drop(name);
		}
		return this.#runs.get(channel);
	}

	set(channel: string, run: LocalRun): void {
		this.#runs.set(channel, run);
	}

	begin(channel: string, { maxAge, keepDone }: LocalRun): void {
		const life = maxAge + keepDone;
		const limits = this.#limits.get(life) ?? {
			maxLength: Number.MAX_SAFE_INTEGER,
			maxAge: life,
		};
		this.#limits.set(life, limits);
		this.#history.hold(channel, limits);
	}

	keep(channel: string, payload: string): { id: string; payload: string } {
		return this.#history.keep(channel, payload);
	}

	deliver(channel: string, payload: string): void {
		this.#broker.deliver(channel, payload);
	}

	drop(channel: string): void {
		this.#runs.delete(channel);
		this.#history.release(channel);
	}
}
