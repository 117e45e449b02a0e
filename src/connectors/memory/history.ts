import type { History, HistoryOptions, HistoryPage, KeptMessage } from "../../core/connector.ts";
import { type HistoryLimits, type LimitsOf, limitsByChannel } from "../shared/history-limits.ts";
import { RecentKeys } from "./keys.ts";

interface Entry extends KeptMessage {
	/** When it came, in ms since 1970. */
	at: number;
}

/**
 * What a process keeps. It is gone with the process, and a cursor from an earlier one is found
 * nowhere: ids begin with the time at which the history began.
 */
export class MemoryHistory implements History {
	readonly #limitsOf: LimitsOf;
	readonly #began = beginnings();
	/** For each limits the channels that have them; the one that was used last comes last. */
	readonly #groups = new Map<HistoryLimits, Map<string, Entry[]>>();
	readonly #keys = new Map<string, RecentKeys>();
	#sequence = 0;

	constructor(options: HistoryOptions) {
		this.#limitsOf = limitsByChannel(options);
	}

	/** @returns the message as its subscribers are to receive it. */
	keep(channel: string, payload: string): { id: string; payload: string } {
		const id = this.#nextId();
		const message = { id, payload: `{"id":"${id}",${payload.slice(1)}` };
		this.#add(channel, { ...message, at: Date.now() });
		return message;
	}

	/** The id of the message of the channel that had this key lately. */
	idOfKey(channel: string, key: string): string | undefined {
		return this.#keys.get(channel)?.idOf(key, Date.now());
	}

	rememberKey(channel: string, key: string, id: string): void {
		const now = Date.now();
		// The channel that was used last comes last.
		const keys = this.#keys.get(channel) ?? new RecentKeys();
		this.#keys.delete(channel);
		this.#keys.set(channel, keys);
		keys.add(key, id, now);
		for (const [idle, each] of this.#keys) {
			if (!each.isOver(now)) break;
			this.#keys.delete(idle);
		}
	}

	/** Leaves an entry that is no message: for a reader of before the channel is not as it was. */
	async forget(channel: string): Promise<void> {
		this.#keys.delete(channel);
		const channels = this.#channelsLike(channel);
		if (!channels.delete(channel)) return;
		this.#add(channel, { id: this.#nextId(), payload: undefined, at: Date.now() });
	}

	async read(channel: string, after: string, limit: number): Promise<HistoryPage> {
		const entries = this.#kept(channel);
		const index = after === "0-0" ? -1 : entries.findIndex(({ id }) => id === after);
		const covered = index !== -1 || after === "0-0";
		// Of a position that is not here, what is kept after it: ids grow, whoever made them.
		const from = covered ? index + 1 : entries.findIndex(({ id }) => isLater(id, after));
		const rest = from === -1 ? [] : entries.slice(from, from + limit + 1);
		const messages = rest.slice(0, limit).map(({ id, payload }) => ({ id, payload }));
		return { covered, messages, more: rest.length > limit };
	}

	async head(channel: string, back = 0): Promise<string> {
		const found = this.#kept(channel).at(-1 - back);
		if (found !== undefined) return found.id;
		if (back > 0) return "0-0";
		const id = this.#nextId();
		this.#add(channel, { id, payload: undefined, at: Date.now() });
		return id;
	}

	/** What has not expired: of a channel that fell silent nothing is trimmed. */
	#kept(channel: string): Entry[] {
		const entries = this.#channelsLike(channel).get(channel) ?? [];
		const oldest = Date.now() - this.#limitsOf(channel).maxAge;
		const first = entries[0];
		return first === undefined || first.at >= oldest
			? entries
			: entries.filter(({ at }) => at >= oldest);
	}

	#channelsLike(channel: string): Map<string, Entry[]> {
		const limits = this.#limitsOf(channel);
		const channels = this.#groups.get(limits) ?? new Map<string, Entry[]>();
		this.#groups.set(limits, channels);
		return channels;
	}

	#nextId(): string {
		return `${this.#began}-${++this.#sequence}`;
	}

	#add(channel: string, entry: Entry): void {
		const limits = this.#limitsOf(channel);
		const channels = this.#channelsLike(channel);
		const entries = channels.get(channel) ?? [];
		channels.delete(channel);
		channels.set(channel, entries);
		entries.push(entry);
		const oldest = entry.at - limits.maxAge;
		// One more than promised: whoever has seen that one can be given all the others.
		const surplus = entries.length - limits.maxLength - 1;
		const expired = entries.findIndex(({ at }) => at >= oldest);
		entries.splice(0, Math.max(0, surplus, expired));
		for (const [each, idle] of this.#groups) forgetIdle(idle, entry.at - each.maxAge);
	}
}

/** Drops channels that nothing was published to for so long that all they kept has expired. */
function forgetIdle(channels: Map<string, Entry[]>, oldest: number): void {
	for (const [channel, entries] of channels) {
		if ((entries.at(-1)?.at ?? 0) >= oldest) return;
		channels.delete(channel);
	}
}

let latestBeginning = 0;

/** Now, and never the same twice: two histories of one process must not give the same ids. */
function beginnings(): number {
	latestBeginning = Math.max(Date.now(), latestBeginning + 1);
	return latestBeginning;
}

function isLater(id: string, than: string): boolean {
	const [ms, sequence] = id.split("-").map(Number);
	const [thanMs, thanSequence] = than.split("-").map(Number);
	if (ms !== thanMs) return Number(ms) > Number(thanMs);
	return Number(sequence) > Number(thanSequence);
}
