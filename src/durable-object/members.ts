import { eventPause, idsAfter, mostMembers } from "../core/member-list.ts";
import type { GuestPage } from "../core/presence-contract.ts";
import type { Guest } from "./guest.ts";

/** Sends an event, its channel left out. False: its stream has too much unread. */
type Tell = (json: string) => boolean;

/** A stream that outlived the object's memory. */
export interface Sleeper {
	readonly key: object;
	readonly guest: Guest;
	readonly tell: Tell;
}

interface Member {
	data: unknown;
	streams: number;
	/** It is taken out then, in ms since 1970. 0: it stays. */
	leavesAt: number;
}

interface Watcher {
	readonly tell: Tell;
	/** When it is sent all members, in ms since 1970. 0: it was, and is sent changes. */
	dueAt: number;
}

/** What is gathered before it is sent or taken out, in ms. */
const gathering = 100;

/**
 * The members of a channel, in its object: counted from the streams, and kept nowhere. After a sleep they are read
 * from the sockets that outlived it. A timer runs while a change or a leave is due, and no longer.
 */
export class Members {
	readonly #sleepers: () => Iterable<Sleeper>;
	readonly #counted = new Set<object>();
	readonly #members = new Map<string, Member>();
	readonly #watchers = new Map<object, Watcher>();
	/** Streams that are over: some are reported twice. */
	readonly #over = new WeakSet<object>();
	readonly #leaving = new Set<string>();
	#joined = new Set<string>();
	#left = new Set<string>();
	/** How many there were before these joins and leaves. */
	#before = 0;
	#sorted: string[] | undefined;
	#isAwake = false;
	#toldAt = 0;
	/** When the timer below ends, in ms since 1970. */
	#tellsAt = Number.POSITIVE_INFINITY;
	#tellTimer: ReturnType<typeof setTimeout> | undefined;
	#takesOutAt = Number.POSITIVE_INFINITY;
	#leaveTimer: ReturnType<typeof setTimeout> | undefined;

	/** @param sleepers open streams from before this object's memory began. */
	constructor(sleepers: () => Iterable<Sleeper>) {
		this.#sleepers = sleepers;
	}

	/** Counts the streams that outlived the object's memory. To be called before there is a new one. */
	wake(): void {
		if (this.#isAwake) return;
		this.#isAwake = true;
		for (const { key, guest, tell } of this.#sleepers()) this.#enter(key, guest, tell, 0);
		this.#joined.clear();
	}

	/** @param wait how long the list of members is held back, in ms. */
	join(key: object, guest: Guest, tell: Tell, wait = 0): void {
		this.wake();
		this.#enter(key, guest, tell, Date.now() + wait);
		this.#soon(wait);
	}

	/** A stream is over. Idempotent. */
	leave(key: object, guest: Guest): void {
		if (this.#over.has(key)) return;
		this.#over.add(key);
		this.wake();
		const wasCounted = this.#counted.delete(key);
		this.#watchers.delete(key);
		const { id, data, grace } = guest;
		if (id === undefined) return;
		// It closed while the object slept, and was a member until then.
		const member = this.#members.get(id) ?? { data, streams: 0, leavesAt: 0 };
		if (!this.#members.has(id)) this.#put(id, member);
		if (wasCounted) member.streams--;
		if (member.streams > 0 || member.leavesAt > 0) return;
		member.leavesAt = Date.now() + grace;
		this.#leaving.add(id);
		this.#takeOutIn(grace);
	}

	page(after: string, limit: number): GuestPage {
		this.wake();
		this.#sorted ??= [...this.#members.keys()].sort();
		const ids = this.#sorted;
		const members = idsAfter(ids, after, limit).map((id) => this.#memberOf(id));
		return { occupancy: ids.length, members, isFull: members.length === limit };
	}

	#enter(key: object, guest: Guest, tell: Tell, dueAt: number): void {
		const { id, data, sees } = guest;
		this.#counted.add(key);
		if (sees) this.#watchers.set(key, { tell, dueAt });
		if (id === undefined) return;
		const member = this.#members.get(id);
		if (member === undefined) {
			this.#changes();
			this.#put(id, { data, streams: 1, leavesAt: 0 });
			if (!this.#left.delete(id)) this.#joined.add(id);
			return;
		}
		member.streams++;
		member.data = data;
		member.leavesAt = 0;
		this.#leaving.delete(id);
		if (this.#leaving.size > 0) return;
		clearTimeout(this.#leaveTimer);
		this.#takesOutAt = Number.POSITIVE_INFINITY;
	}

	#put(id: string, member: Member): void {
		this.#members.set(id, member);
		this.#sorted = undefined;
	}

	/** Workers may have different graces, as during a deploy. */
	#takeOutIn(ms: number): void {
		const at = Date.now() + ms;
		if (at >= this.#takesOutAt) return;
		clearTimeout(this.#leaveTimer);
		this.#takesOutAt = at;
		this.#leaveTimer = setTimeout(this.#takeOut, ms);
	}

	readonly #takeOut = (): void => {
		this.#takesOutAt = Number.POSITIVE_INFINITY;
		const now = Date.now();
		let next = Number.POSITIVE_INFINITY;
		for (const id of this.#leaving) {
			const at = this.#members.get(id)?.leavesAt ?? 0;
			if (at > now) {
				next = Math.min(next, at);
				continue;
			}
			this.#leaving.delete(id);
			this.#changes();
			this.#members.delete(id);
			this.#sorted = undefined;
			if (!this.#joined.delete(id)) this.#left.add(id);
		}
		if (next < Number.POSITIVE_INFINITY) this.#takeOutIn(Math.max(gathering, next - now));
		if (this.#joined.size + this.#left.size > 0) this.#soon();
	};

	/** Somebody is about to come or go. */
	#changes(): void {
		if (this.#joined.size + this.#left.size === 0) this.#before = this.#members.size;
	}

	#soon(wait = 0): void {
		if (this.#watchers.size === 0) {
			this.#joined.clear();
			this.#left.clear();
			return;
		}
		const now = Date.now();
		const at = Math.max(now + Math.max(gathering, wait), this.#toldAt + eventPause);
		if (at >= this.#tellsAt) return;
		clearTimeout(this.#tellTimer);
		this.#tellsAt = at;
		this.#tellTimer = setTimeout(this.#tell, at - now);
	}

	readonly #tell = (): void => {
		this.#tellsAt = Number.POSITIVE_INFINITY;
		const now = Date.now();
		this.#toldAt = now;
		const occupancy = this.#members.size;
		const isLarge = occupancy > mostMembers;
		let whole: string | undefined;
		const all = () => {
			whole ??= JSON.stringify(
				isLarge ? { occupancy } : { occupancy, members: this.page("", mostMembers).members },
			);
			return whole;
		};
		const [joined, left] = [this.#joined, this.#left];
		this.#joined = new Set();
		this.#left = new Set();
		const hasChanged = joined.size + left.size > 0;
		let change = "";
		if (hasChanged) {
			change =
				isLarge || this.#before > mostMembers
					? all()
					: JSON.stringify({
							occupancy,
							joined: [...joined].map((id) => this.#memberOf(id)),
							left: [...left],
						});
		}
		let next = Number.POSITIVE_INFINITY;
		for (const watcher of this.#watchers.values()) {
			const isDue = watcher.dueAt > 0 && watcher.dueAt <= now;
			const text = isDue ? all() : watcher.dueAt > 0 ? "" : change;
			// A stream that reads too slowly is told all members once it reads again.
			if (text !== "") watcher.dueAt = watcher.tell(text) ? 0 : now + eventPause;
			if (watcher.dueAt > 0) next = Math.min(next, watcher.dueAt);
		}
		if (next < Number.POSITIVE_INFINITY) this.#soon(next - now);
	};

	#memberOf(id: string): { id: string; data?: unknown } {
		const data = this.#members.get(id)?.data;
		return data === undefined ? { id } : { id, data };
	}
}
