import { Semaphore } from "../core/scheduling.ts";
import type { PresenceStore } from "./store.ts";

interface LeaseOptions {
	/** In ms. */
	readonly ttl: number;
	store(): PresenceStore;
	/** Whether there is a reason to keep the lease. */
	isNeeded(): boolean;
	/** The store has not, or no longer, what this process wrote. */
	forgotten(): void;
	/** Members came or went. */
	changed(channels: readonly string[]): Promise<unknown>;
	failed(error: unknown): void;
}

/** Everything is written again this often, in ms: keys live a day. */
const rewriteEvery = 21_600_000;

/** Channels that are cleared at a time. */
const clearsAtATime = 8;

/**
 * The lease of this process, and the end of others'. It is extended each third of `ttl`, and ends after two thirds: so the
 * members of a process that was killed are gone within `ttl`.
 */
export class Lease {
	readonly #options: LeaseOptions;
	readonly #clears = new Semaphore(clearsAtATime);
	#process: string | undefined;
	#refreshing: Promise<void> | undefined;
	#refreshedAt = Number.NEGATIVE_INFINITY;
	#rewrittenAt = performance.now();
	#timer: ReturnType<typeof setTimeout> | undefined;
	#isFailing = false;
	#closed = false;

	constructor(options: LeaseOptions) {
		this.#options = options;
	}

	/**
	 * This process' name at the store, which has a lease by then.
	 *
	 * @throws {ConnectorError} when there is none to be had.
	 */
	async process(): Promise<string> {
		this.start();
		if (this.#process === undefined) await this.refresh();
		if (this.#process === undefined) throw new Error("Presence: there is no lease.");
		return this.#process;
	}

	/** Keeps the lease from now on, while it is needed. */
	start(): void {
		if (this.#timer !== undefined || this.#closed) return;
		this.#timer = setTimeout(this.#onTick, this.#options.ttl / 3);
	}

	/** Clears up after processes that have ended, unless that was done within a third of `ttl`. */
	async sweep(): Promise<void> {
		if (performance.now() - this.#refreshedAt > this.#options.ttl / 3) await this.refresh();
	}

	/** @throws {ConnectorError} when the broker is away or refuses. */
	refresh(): Promise<void> {
		this.#refreshing ??= this.#refresh().finally(() => {
			this.#refreshing = undefined;
		});
		return this.#refreshing;
	}

	/** Its entries stay for so long, in ms, and are then cleared by others. */
	async close(ms: number): Promise<void> {
		this.#closed = true;
		clearTimeout(this.#timer);
		const process = this.#process;
		if (process !== undefined) await this.#options.store().retire(process, ms);
	}

	readonly #onTick = (): void => {
		this.#timer = undefined;
		if (this.#closed || !this.#options.isNeeded()) return;
		this.start();
		this.refresh().catch((error: unknown) => {
			if (!this.#isFailing) this.#options.failed(error);
			this.#isFailing = true;
		});
	};

	async #refresh(): Promise<void> {
		const store = this.#options.store();
		const { ttl } = this.#options;
		const process = this.#process ?? crypto.randomUUID();
		const { isKnown, lapsed } = await store.refresh(process, (ttl * 2) / 3);
		this.#refreshedAt = performance.now();
		this.#isFailing = false;
		const wasThere = this.#process !== undefined;
		this.#process = process;
		if (wasThere && !isKnown) {
			// Somebody may be clearing what it wrote, or the store has lost it. It begins again under another name.
			this.#process = crypto.randomUUID();
			await store.retire(process, 0);
			await store.refresh(this.#process, (ttl * 2) / 3);
			this.#options.forgotten();
		} else if (this.#refreshedAt - this.#rewrittenAt > rewriteEvery) {
			this.#rewrittenAt = this.#refreshedAt;
			this.#options.forgotten();
		}
		await Promise.all(lapsed.map((each) => this.#clear(store, each)));
	}

	/** What fails here is done by whoever has the lapsed process next. */
	async #clear(store: PresenceStore, process: string): Promise<void> {
		for (;;) {
			const channels = await store.tracked(process);
			if (channels.length === 0) break;
			await Promise.all(
				channels.map((channel) => this.#clears.run(() => store.clear(process, channel))),
			);
			// Of each: it may have been killed after it wrote, and before it told anyone.
			await this.#options.changed(channels);
			await store.untrack(process, channels);
		}
		await store.drop(process);
	}
}
