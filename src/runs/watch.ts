import { SseError } from "../core/errors.ts";
import { beginning, isAfter } from "../core/message/position.ts";
import type { RunRecord, RunStore } from "../core/run-store.ts";
import { endPayload } from "./messages.ts";

/** The dependencies of a watch. */
interface Watching {
	readonly runs: RunStore;
	look(): Promise<RunRecord | undefined>;
	report(error: unknown): void;
}

/** How long after a reader joins the store is read, in ms. The run may have ended just before the reader subscribed. */
const joinPause = 1_000;

/** How often the store is read per lease while the run may be lost. */
const looksPerLease = 4;

/**
 * Watches a run for its readers. When the run is silent for longer than its lease, the watch reads the store. When the
 * lease has lapsed, it keeps reading for one more whole lease. The run ends as lost only if the broker answered each
 * time: while a broker is away, no producer can renew its lease.
 */
export class Watch {
	readonly #watching: Watching;
	readonly #channel: string;
	readonly #name: string;
	/** The readers. They are woken when the run has ended, or is deleted. */
	readonly #readers = new Set<() => void>();
	#lease: number;
	#heardAt = performance.now();
	/** The newest message that any reader has reached. */
	#newest = beginning;
	/** Since when the lease is known to have lapsed while the broker answered. */
	#suspectedSince: number | undefined;
	#timer: ReturnType<typeof setTimeout> | undefined;
	/** When the timer fires, as `performance.now()` gives it. */
	#dueAt = Infinity;
	/** Whether a reader joined since the last look. */
	#isJoined = false;

	constructor(watching: Watching, channel: string, { name, lease }: RunRecord) {
		this.#watching = watching;
		this.#channel = channel;
		this.#name = name;
		this.#lease = lease;
	}

	get isIdle(): boolean {
		return this.#readers.size === 0;
	}

	/** @param wake called when it is time to read the record. @returns a function that stops this; idempotent. */
	join(wake: () => void): () => void {
		this.#readers.add(wake);
		this.#isJoined = true;
		const pause = Math.min(joinPause, this.#lease);
		if (performance.now() + pause < this.#dueAt) this.#arm(pause);
		return () => {
			this.#readers.delete(wake);
			if (!this.isIdle) return;
			clearTimeout(this.#timer);
			this.#dueAt = Infinity;
		};
	}

	/** A reader has reached a message. It is a sign of the producer only if no reader had it before. */
	heard(id: string): void {
		if (!isAfter(id, this.#newest)) return;
		this.#newest = id;
		this.#heardAt = performance.now();
		this.#suspectedSince = undefined;
	}

	#arm(ms: number): void {
		clearTimeout(this.#timer);
		this.#dueAt = performance.now() + ms;
		this.#timer = setTimeout(() => void this.#check(), Math.max(1, ms));
	}

	async #check(): Promise<void> {
		const silence = performance.now() - this.#heardAt;
		const isSilent = silence >= this.#lease;
		if (!isSilent && !this.#isJoined) return this.#arm(this.#lease - silence);
		this.#isJoined = false;
		let next = this.#lease / looksPerLease;
		try {
			const record = await this.#watching.look();
			if (record === undefined || record.name !== this.#name || record.state !== "running") {
				this.#wakeAll();
			} else if (!isSilent) next = this.#lease - silence;
			else {
				this.#lease = record.lease;
				if (record.left >= 0) next = record.left + 1;
				await this.#suspect(record.left < 0);
			}
		} catch (error) {
			// While the broker is away, silence says nothing about the producer. The suspicion starts over.
			this.#suspectedSince = undefined;
			if (error instanceof SseError && error.code === "closed") return this.#readers.clear();
			this.#watching.report(error);
		}
		if (!this.isIdle) this.#arm(this.#isJoined ? Math.min(joinPause, next) : next);
	}

	async #suspect(hasLapsed: boolean): Promise<void> {
		if (!hasLapsed) {
			this.#suspectedSince = undefined;
			return;
		}
		const now = performance.now();
		this.#suspectedSince ??= now;
		if (now - this.#suspectedSince < this.#lease) return;
		this.#suspectedSince = undefined;
		const { refused } = await this.#watching.runs.finish(this.#channel, {
			token: undefined,
			state: "lost",
			reason: "",
			payload: endPayload("lost"),
		});
		// The end comes as a message. A reader that misses it reads the record.
		if (refused === undefined) this.#wakeAll();
	}

	#wakeAll(): void {
		for (const wake of [...this.#readers]) wake();
	}
}

/** Reads under way. Callers that come meanwhile share the next one, so no answer is older than its question. */
export class SharedLooks {
	readonly #ask: (channel: string) => Promise<RunRecord | undefined>;
	readonly #lines = new Map<
		string,
		{ now: Promise<unknown>; next?: Promise<RunRecord | undefined> }
	>();

	constructor(ask: (channel: string) => Promise<RunRecord | undefined>) {
		this.#ask = ask;
	}

	look(channel: string): Promise<RunRecord | undefined> {
		const line = this.#lines.get(channel);
		if (line === undefined) return this.#begin(channel);
		const next = () => this.#begin(channel);
		line.next ??= line.now.then(next, next);
		return line.next;
	}

	#begin(channel: string): Promise<RunRecord | undefined> {
		const now = this.#ask(channel);
		const line = { now };
		this.#lines.set(channel, line);
		const over = () => {
			if (this.#lines.get(channel) === line) this.#lines.delete(channel);
		};
		// The callers that came meanwhile start the next read at once.
		now.then(over, over);
		return now;
	}
}
