import type { History, HistoryOptions, HistoryPage, KeptMessage } from "../../core/connector.ts";
import { isAfter, isEmpty } from "../../core/message/position.ts";
import { coversEmpty } from "../shared/empty-range.ts";
import { type HistoryLimits, type LimitsOf, limitsByChannel } from "../shared/history-limits.ts";
import { RecentKeys } from "./keys.ts";

interface Entry extends KeptMessage {
	/** The second part of its id. */
	readonly sequence: number;
	/** When it was published, in ms since 1970. */
	readonly at: number;
}

interface Kept {
	readonly entries: Entry[];
	/** The sequence of the newest entry that was dropped. */
	trimmedUpTo: number;
}

/**
 * The history of one process, which ends with it. A cursor from an earlier process is not
 * covered, because ids begin with the time at which the history began.
 */
export class MemoryHistory implements History {
	readonly #limitsOf: LimitsOf;
	/** Channels with limits of their own, for as long as they are held. */
	readonly #held = new Map<string, HistoryLimits>();
	readonly #began = beginnings();
	/** The channels of each set of limits. The one used last comes last. */
	readonly #groups = new Map<HistoryLimits, Map<string, Kept>>();
	/** The channel whose keys were used last comes last. */
	readonly #keys = new Map<string, RecentKeys>();
	#sequence = 0;
	/** The sequence of the newest entry that was dropped together with its channel. */
	#trimmedUpTo = 0;

	constructor(options: HistoryOptions) {
		const limitsOf = limitsByChannel(options);
		this.#limitsOf = (channel) => this.#held.get(channel) ?? limitsOf(channel);
	}

	/** @returns the payload that subscribers receive. */
	keep(channel: string, payload: string): { id: string; payload: string } {
		const sequence = ++this.#sequence;
		const id = `${this.#began}-${sequence}`;
		const message = { id, payload: `{"id":"${id}",${payload.slice(1)}` };
		this.#add(channel, { ...message, sequence, at: Date.now() });
		return message;
	}

	/** The id of the channel's recent message with this key. */
	idOfKey(channel: string, key: string): string | undefined {
		return this.#keys.get(channel)?.idOf(key, Date.now());
	}

	rememberKey(channel: string, key: string, id: string): void {
		const now = Date.now();
		const keys = this.#keys.get(channel) ?? new RecentKeys();
		this.#keys.delete(channel);
		this.#keys.set(channel, keys);
		keys.add(key, id, now);
		for (const [idle, each] of this.#keys) {
			if (!each.isOver(now)) break;
			this.#keys.delete(idle);
		}
	}

	/** From now on the channel, which is emptied, has these limits. */
	hold(channel: string, limits: HistoryLimits): void {
		this.release(channel);
		this.#held.set(channel, limits);
	}

	/** Empties a channel, which has the usual limits again. */
	release(channel: string): void {
		this.#keys.delete(channel);
		const group = this.#groupOf(channel);
		const kept = group.get(channel);
		group.delete(channel);
		if (kept !== undefined) {
			this.#trimmedUpTo = Math.max(
				this.#trimmedUpTo,
				kept.entries.at(-1)?.sequence ?? kept.trimmedUpTo,
			);
		}
		this.#held.delete(channel);
	}

	async forget(channel: string): Promise<void> {
		this.#keys.delete(channel);
		const kept = this.#groupOf(channel).get(channel);
		const newest = kept?.entries.splice(0).at(-1);
		if (kept !== undefined && newest !== undefined) kept.trimmedUpTo = newest.sequence;
	}

	async read(channel: string, after: string, limit: number): Promise<HistoryPage> {
		const { entries, trimmedUpTo } = this.#kept(channel);
		if (after === "0-0" || isEmpty(after)) return this.#first(after, entries, trimmedUpTo, limit);
		const index = entries.findIndex(({ id }) => id === after);
		const covered = index !== -1;
		// For an unknown position: everything with a greater id, since ids only grow.
		const from = covered ? index + 1 : entries.findIndex(({ id }) => isAfter(id, after));
		const rest = from === -1 ? [] : entries.slice(from, from + limit + 1);
		return page(covered, rest, limit);
	}

	#first(
		after: string,
		entries: readonly Entry[],
		trimmedUpTo: number,
		limit: number,
	): HistoryPage {
		const empty = { from: this.#emptyAt(trimmedUpTo), to: this.#emptyAt(this.#sequence) };
		return { ...page(coversEmpty(after, empty), entries, limit), empty };
	}

	async head(channel: string, back = 0): Promise<string> {
		const { entries } = this.#kept(channel);
		if (entries.length === 0) return this.#emptyAt(this.#sequence);
		return entries.at(-1 - back)?.id ?? "0-0";
	}

	/** A channel seen empty at that time misses no younger message. */
	#emptyAt(sequence: number): string {
		return `~${this.#began}-${sequence}`;
	}

	/** The unexpired entries. A silent channel is not trimmed, so it may hold expired ones. */
	#kept(channel: string): Kept {
		const kept = this.#groupOf(channel).get(channel);
		if (kept === undefined) return { entries: [], trimmedUpTo: this.#trimmedUpTo };
		trim(kept, this.#limitsOf(channel), Date.now());
		return kept;
	}

	#groupOf(channel: string): Map<string, Kept> {
		const limits = this.#limitsOf(channel);
		const channels = this.#groups.get(limits) ?? new Map<string, Kept>();
		this.#groups.set(limits, channels);
		return channels;
	}

	#add(channel: string, entry: Entry): void {
		const channels = this.#groupOf(channel);
		const kept = channels.get(channel) ?? { entries: [], trimmedUpTo: this.#trimmedUpTo };
		channels.delete(channel);
		channels.set(channel, kept);
		kept.entries.push(entry);
		trim(kept, this.#limitsOf(channel), entry.at);
		for (const [{ maxAge }, group] of this.#groups) this.#forgetIdle(group, entry.at - maxAge);
	}

	/** Drops channels in which everything has expired because nobody published for so long. */
	#forgetIdle(channels: Map<string, Kept>, oldest: number): void {
		for (const [channel, kept] of channels) {
			const newest = kept.entries.at(-1);
			if (newest !== undefined && newest.at >= oldest) return;
			channels.delete(channel);
			this.#trimmedUpTo = Math.max(this.#trimmedUpTo, newest?.sequence ?? kept.trimmedUpTo);
		}
	}
}

function trim(kept: Kept, { maxLength, maxAge }: HistoryLimits, now: number): void {
	const { entries } = kept;
	// Keeps one more than promised: a reader at that one can get all the others.
	const surplus = Math.max(0, entries.length - maxLength - 1);
	const young = entries.findIndex(({ at }) => at >= now - maxAge);
	const gone = entries.splice(0, Math.max(surplus, young === -1 ? entries.length : young));
	kept.trimmedUpTo = gone.at(-1)?.sequence ?? kept.trimmedUpTo;
}

let latestBeginning = 0;

/** The current time, but never the same twice: two histories of one process must not share ids. */
function beginnings(): number {
	latestBeginning = Math.max(Date.now(), latestBeginning + 1);
	return latestBeginning;
}

function page(covered: boolean, rest: readonly Entry[], limit: number): HistoryPage {
	const messages = rest.slice(0, limit).map(({ id, payload }) => ({ id, payload }));
	return { covered, messages, more: rest.length > limit };
}
