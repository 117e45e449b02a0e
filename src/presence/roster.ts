import type { Change, PresenceStore } from "./store.ts";

/** One member of one channel, as this process knows it. */
interface Entry {
	streams: number;
	data: string;
	/** When a member without a stream is removed, by the clock of `performance.now()`. */
	leavesAt: number;
}

interface RosterOptions {
	/** In ms. */
	readonly grace: number;
	store(): PresenceStore;
	/** The name of this process at the store. */
	process(): Promise<string>;
	/** Announces joins and leaves. Rejects when other processes could not be told. */
	changed(channels: readonly string[]): Promise<unknown>;
	failed(error: unknown): void;
}

/** How long changes are gathered before a write, in ms. */
const gathering = 100;
/** The pause after a failure, in ms. */
const pause = 1_000;
/** Changes per call for one channel, and channels per round. */
const mostChanges = 250;
const mostChannels = 100;

/** The members with streams in this process, and which of them are still to be written. */
export class Roster {
	readonly #options: RosterOptions;
	readonly #channels = new Map<string, Map<string, Entry>>();
	/** Ids whose entries may differ from the store's. */
	readonly #dirty = new Map<string, Set<string>>();
	/** Channels whose changes are still to be announced. */
	readonly #owed = new Set<string>();
	/** Channels that the store knows for this process. */
	readonly #tracked = new Set<string>();
	/** Ordered by time. A member that returns is removed, so clients may come and go at any rate. */
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

	/** Ids of this process that are written. */
	written(channel: string): string[] {
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

	/** Everything must be written again: the store has lost it, or will soon expire it. */
	rewrite(): void {
		this.#tracked.clear();
		for (const [channel, entries] of this.#channels) {
			for (const id of entries.keys()) this.#mark(channel, id);
		}
	}

	/** Resolves when everything known now is written, or the write failed. From here on nobody leaves. */
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

	/** Runs one round after another. Never rejects. */
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
		// This comes first: whoever cleans up after this process must know its channels.
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
		// This comes last: until others are told, another process may have to tell them.
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
			// The write may have succeeded although its answer was lost.
			this.#owed.add(channel);
			throw error;
		}
	}
}
