import type { Change, PresenceStore } from "./store.ts";

/** One member in one channel, as far as this process goes. */
interface Entry {
	streams: number;
	data: string;
	/** Without a stream it is taken out then, on the clock of `performance.now()`. */
	leavesAt: number;
}

interface RosterOptions {
	/** In ms. */
	readonly grace: number;
	store(): PresenceStore;
	/** This process' name at the store. */
	process(): Promise<string>;
	/** Members came or went. Rejects when others could not be told. */
	changed(channels: readonly string[]): Promise<unknown>;
	failed(error: unknown): void;
}

/** What is gathered before it is written, in ms. */
const gathering = 100;
/** After a failure, in ms. */
const pause = 1_000;
/** Changes of one channel in one call, and channels in one round. */
const mostChanges = 250;
const mostChannels = 100;

/** Who has streams in this process, and what of that is still to be written. */
export class Roster {
	readonly #options: RosterOptions;
	readonly #channels = new Map<string, Map<string, Entry>>();
	/** Ids whose entries may differ from those in the store. */
	readonly #dirty = new Map<string, Set<string>>();
	/** Channels of which others are still to be told. */
	readonly #owed = new Set<string>();
	/** Channels that the store knows this process to be in. */
	readonly #tracked = new Set<string>();
	/** In the order of their times. One that comes back is taken out: clients may come and go as often as they like. */
	readonly #leaving = new Map<Entry, { channel: string; id: string }>();
	#leaveTimer: ReturnType<typeof setTimeout> | undefined;
	#flushTimer: ReturnType<typeof setTimeout> | undefined;
	#flushing: Promise<void> = Promise.resolve();
	#isFailing = false;
	#closed = false;

	constructor(options: RosterOptions) {
		this.#options = options;
	}

	get isEmpty(): boolean {
		return this.#channels.size === 0 && this.#dirty.size === 0 && this.#owed.size === 0;
	}

	/** Ids that are there by this process, and written. */
	settled(channel: string): string[] {
		const dirty = this.#dirty.get(channel);
		return [...(this.#channels.get(channel)?.keys() ?? [])].filter((id) => !dirty?.has(id));
	}

	join(channel: string, id: string, data: string): void {
		const entries = this.#channels.get(channel) ?? new Map<string, Entry>();
		this.#channels.set(channel, entries);
		const entry = entries.get(id);
		if (entry === undefined) entries.set(id, { streams: 1, data, leavesAt: 0 });
		else {
			entry.streams++;
			this.#leaving.delete(entry);
			if (entry.data === data) return;
			entry.data = data;
		}
		this.#mark(channel, id);
	}

	leave(channel: string, id: string): void {
		const entry = this.#channels.get(channel)?.get(id);
		if (entry === undefined || --entry.streams > 0 || this.#closed) return;
		entry.leavesAt = performance.now() + this.#options.grace;
		this.#leaving.set(entry, { channel, id });
		this.#leaveTimer ??= setTimeout(this.#takeOut, this.#options.grace);
	}

	/** Everything is to be written again: the store has lost it, or is about to forget it. */
	rewrite(): void {
		this.#tracked.clear();
		for (const [channel, entries] of this.#channels) {
			for (const id of entries.keys()) this.#mark(channel, id);
		}
	}

	/** Resolves when what is known now is written, or could not be. Nobody leaves any more. */
	async close(): Promise<void> {
		this.#closed = true;
		clearTimeout(this.#leaveTimer);
		clearTimeout(this.#flushTimer);
		await this.#flush();
	}

	readonly #takeOut = (): void => {
		const now = performance.now();
		this.#leaveTimer = undefined;
		for (const [entry, { channel, id }] of this.#leaving) {
			if (entry.leavesAt > now) {
				const wait = Math.max(gathering, entry.leavesAt - now);
				this.#leaveTimer = setTimeout(this.#takeOut, wait);
				break;
			}
			this.#leaving.delete(entry);
			const entries = this.#channels.get(channel);
			entries?.delete(id);
			if (entries?.size === 0) this.#channels.delete(channel);
			this.#mark(channel, id);
		}
	};

	#mark(channel: string, id: string): void {
		const ids = this.#dirty.get(channel) ?? new Set();
		this.#dirty.set(channel, ids);
		ids.add(id);
		this.#soon(this.#isFailing ? pause : gathering);
	}

	#soon(ms: number): void {
		if (this.#closed) return;
		this.#flushTimer ??= setTimeout(() => {
			this.#flushTimer = undefined;
			void this.#flush();
		}, ms);
	}

	/** One round after another. Never rejects. */
	#flush(): Promise<void> {
		this.#flushing = this.#flushing.then(async () => {
			try {
				while (this.#dirty.size > 0 || this.#owed.size > 0) await this.#round();
				this.#isFailing = false;
			} catch (error) {
				if (!this.#isFailing) this.#options.failed(error);
				this.#isFailing = true;
				this.#soon(pause);
			}
		});
		return this.#flushing;
	}

	async #round(): Promise<void> {
		const store = this.#options.store();
		const process = await this.#options.process();
		const batch = [...this.#dirty].slice(0, mostChannels);
		const fresh = batch.map(([channel]) => channel).filter((name) => !this.#tracked.has(name));
		// First: whoever clears up after this process must know where.
		if (fresh.length > 0) {
			await store.track(process, fresh);
			for (const channel of fresh) this.#tracked.add(channel);
		}
		const outcomes = await Promise.allSettled(
			batch.map(([channel, ids]) => this.#write(store, process, channel, ids)),
		);
		const owed = [...this.#owed].slice(0, mostChannels);
		if (owed.length > 0) {
			await this.#options.changed(owed);
			for (const channel of owed) this.#owed.delete(channel);
		}
		const failure = outcomes.find(({ status }) => status === "rejected");
		if (failure?.status === "rejected") throw failure.reason;
		// Last: until others were told, somebody may have to do it for this process.
		const gone = batch.flatMap(([name]) => (this.#isGone(name) ? name : []));
		if (gone.length === 0) return;
		for (const channel of gone) this.#tracked.delete(channel);
		await store.untrack(process, gone);
	}

	#isGone(channel: string): boolean {
		return !this.#channels.has(channel) && !this.#dirty.has(channel) && !this.#owed.has(channel);
	}

	async #write(
		store: PresenceStore,
		process: string,
		channel: string,
		dirty: Set<string>,
	): Promise<void> {
		const ids = [...dirty].slice(0, mostChanges);
		for (const id of ids) dirty.delete(id);
		if (dirty.size === 0) this.#dirty.delete(channel);
		const entries = this.#channels.get(channel);
		const changes = ids.map((id): Change => ({ id, data: entries?.get(id)?.data }));
		try {
			if (await store.update(process, channel, changes)) this.#owed.add(channel);
		} catch (error) {
			for (const id of ids) this.#mark(channel, id);
			// It may have been done, and only the answer be lost.
			this.#owed.add(channel);
			throw error;
		}
	}
}
