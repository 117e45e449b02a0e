import { Semaphore } from "../core/scheduling.ts";
import type { PresenceStore } from "./store.ts";

interface LeaseOptions {
	/** In ms. */
	readonly ttl: number;
	store(): PresenceStore;
	/** Whether this process has members, or streams that are told of members. */
	isNeeded(): boolean;
	/** The store does not have what this process wrote, or has lost it. */
	forgotten(): void;
	/** Members came or went. */
	changed(channels: readonly string[]): Promise<unknown>;
	failed(error: unknown): void;
}

/** How often everything is written again, in ms. Keys expire after a day. */
const rewriteEvery = 21_600_000;

/** Channels that are cleared at the same time. */
const clearsAtATime = 8;

/**
 * The lease of this process, and the clean-up after others. It is renewed every third of `ttl`, and lasts two thirds. So the
 * members of a killed process are gone within `ttl`.
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
	 * The name of this process at the store. The process has a lease when this resolves.
	 *
	 * @throws {ConnectorError} when no lease could be taken.
	 */
	async process(): Promise<string> {
		this.start();
		if (this.#process === undefined) await this.refresh();
		if (this.#process === undefined) throw new Error("Presence: there is no lease.");
		return this.#process;
	}

	/** Renews the lease from now on, while it is needed. */
	start(): void {
		if (this.#timer !== undefined || this.#closed) return;
		this.#timer = setTimeout(this.#onTick, this.#options.ttl / 3);
	}

	/** Cleans up after processes that have ended, at most once per third of `ttl`. */
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

	/** Gives the lease up. Its entries stay for this long, in ms. Then other processes clear them. */
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
			// Another process may be clearing its entries, or the store lost the lease. It starts again under another name.
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

	/** The next process that finds the lapsed lease repeats what fails here. */
	async #clear(store: PresenceStore, process: string): Promise<void> {
		for (;;) {
			const channels = await store.tracked(process);
			if (channels.length === 0) break;
			await Promise.all(
				channels.map((channel) => this.#clears.run(() => store.clear(process, channel))),
			);
			// Every channel is announced: the process may have been killed between its write and its announcement.
			await this.#options.changed(channels);
			await store.untrack(process, channels);
		}
		await store.drop(process);
	}
}
