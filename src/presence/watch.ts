import type { Connection } from "../core/delivery/connection.ts";
import { eventPause, mostMembers } from "../core/member-list.ts";
import { paced, Semaphore } from "../core/scheduling.ts";
import { eventOf } from "./event.ts";
import type { Member } from "./members.ts";
import type { PresenceStore } from "./store.ts";

interface WatchOptions {
	store(): PresenceStore;
	/** Ids that this process has written. They must be in the store. */
	written(channel: string): readonly string[];
	/** An entry of this process is missing in the store. */
	missing(): void;
	failed(error: unknown, channel: string): void;
}

/** Concurrent reads of the store. */
const readsAtATime = 16;

interface Watched {
	/** Its streams. `false`: the stream must be sent all members before any change. */
	readonly streams: Map<Connection, boolean>;
	/** The members that all streams were told. Undefined: there are too many, or they were not read. */
	view: ReadonlyMap<string, Member> | undefined;
	occupancy: number;
	/** The store must be read. */
	isStale: boolean;
	isReading: boolean;
	readAt: number;
	timer: ReturnType<typeof setTimeout> | undefined;
}

/**
 * Tells each stream who is present: all members first, then each change once. A change is the difference between what
 * the stream was told and what the store has now. So a lost announcement between processes does no harm. The next read of
 * the store finds the change.
 */
export class Watch {
	readonly #options: WatchOptions;
	readonly #channels = new Map<string, Watched>();
	readonly #reads = new Semaphore(readsAtATime);
	/** Reads are failing. Only the first failure is reported. */
	#isFailing = false;
	/** Until then the store may lack what other processes write again, by the clock of `performance.now()`. */
	#settlesAt = 0;

	constructor(options: WatchOptions) {
		this.#options = options;
	}

	get isEmpty(): boolean {
		return this.#channels.size === 0;
	}

	add(channel: string, connection: Connection): void {
		const watched = this.#channels.get(channel) ?? {
			streams: new Map(),
			view: undefined,
			occupancy: 0,
			isStale: true,
			isReading: false,
			readAt: Number.NEGATIVE_INFINITY,
			timer: undefined,
		};
		this.#channels.set(channel, watched);
		watched.streams.set(connection, false);
		if (watched.isStale || watched.view === undefined) this.#stale(channel, watched);
		else this.#send(channel, watched, undefined);
	}

	delete(channel: string, connection: Connection): void {
		const watched = this.#channels.get(channel);
		if (watched === undefined) return;
		watched.streams.delete(connection);
		if (watched.streams.size > 0) return;
		clearTimeout(watched.timer);
		this.#channels.delete(channel);
	}

	/** Members of these channels may have come or gone. */
	changed(channels: readonly string[]): void {
		for (const channel of channels) {
			const watched = this.#channels.get(channel);
			if (watched !== undefined) this.#stale(channel, watched);
		}
	}

	/** Announcements may have been lost. @param ms until the store is complete again. */
	lost(ms: number): void {
		this.#settlesAt = Math.max(this.#settlesAt, performance.now() + ms);
		this.changed([...this.#channels.keys()]);
	}

	close(): void {
		for (const { timer } of this.#channels.values()) clearTimeout(timer);
		this.#channels.clear();
	}

	#stale(channel: string, watched: Watched): void {
		watched.isStale = true;
		if (watched.isReading || watched.timer !== undefined) return;
		const wait = Math.max(watched.readAt + eventPause, this.#settlesAt) - performance.now();
		watched.timer = setTimeout(
			() => {
				watched.timer = undefined;
				if (this.#settlesAt > performance.now()) this.#stale(channel, watched);
				else void this.#read(channel, watched);
			},
			Math.max(0, wait),
		);
	}

	async #read(channel: string, watched: Watched): Promise<void> {
		watched.isReading = true;
		watched.isStale = false;
		try {
			const own = this.#options.written(channel);
			const read = () => this.#options.store().page(channel, "", mostMembers + 1);
			const { occupancy, members, isFull } = await this.#reads.run(read);
			this.#isFailing = false;
			const isLarge = isFull || occupancy > mostMembers;
			const view = isLarge ? undefined : new Map(members.map((each) => [each.id, each]));
			const still = new Set(this.#options.written(channel));
			if (view !== undefined && own.some((id) => still.has(id) && !view.has(id))) {
				// The entries of other processes are probably missing too. Nobody has left.
				watched.isStale = true;
				this.#options.missing();
			} else if (this.#channels.get(channel) === watched) {
				const before = watched.view;
				const wasOccupied = watched.occupancy;
				watched.view = view;
				watched.occupancy = occupancy;
				this.#send(channel, watched, { before, wasOccupied });
			}
		} catch (error) {
			watched.isStale = true;
			if (!this.#isFailing) this.#options.failed(error, channel);
			this.#isFailing = true;
		}
		watched.isReading = false;
		watched.readAt = performance.now();
		if (watched.isStale && this.#channels.get(channel) === watched) this.#stale(channel, watched);
	}

	/** @param last what streams were told before. Undefined: only new streams need to be told. */
	#send(
		channel: string,
		watched: Watched,
		last: { before: Watched["view"]; wasOccupied: number } | undefined,
	): void {
		const { view, occupancy, streams } = watched;
		const all = lazily(() =>
			eventOf({ channel, occupancy, ...(view && { members: [...view.values()] }) }),
		);
		const change = last === undefined ? undefined : changeOf(channel, watched, last);
		const due = [...streams].filter(([, isTold]) => !isTold || change !== undefined);
		paced(due, ([connection]) => {
			const isTold = streams.get(connection);
			if (isTold === undefined) return;
			const bytes = isTold ? change?.() : all();
			if (bytes === undefined) return;
			// A stream that reads too slowly is told all members once it reads again.
			const isSent = connection.write(bytes);
			streams.set(connection, isSent);
			if (!isSent) this.#stale(channel, watched);
		});
	}
}

/** Undefined: nothing has changed. */
function changeOf(
	channel: string,
	{ view, occupancy }: Watched,
	{ before, wasOccupied }: { before: Watched["view"]; wasOccupied: number },
): (() => Uint8Array) | undefined {
	if (view === undefined) {
		if (before === undefined && occupancy === wasOccupied) return undefined;
		return lazily(() => eventOf({ channel, occupancy }));
	}
	// There were too many members to name them.
	if (before === undefined) {
		return lazily(() => eventOf({ channel, occupancy, members: [...view.values()] }));
	}
	const joined = [...view.values()].filter(({ id }) => !before.has(id));
	const left = [...before.keys()].filter((id) => !view.has(id));
	if (joined.length === 0 && left.length === 0) return undefined;
	return lazily(() => eventOf({ channel, occupancy, joined, left }));
}

function lazily<T>(make: () => T): () => T {
	let made: { value: T } | undefined;
	return () => {
		made ??= { value: make() };
		return made.value;
	};
}
