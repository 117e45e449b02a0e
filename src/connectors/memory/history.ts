import type { History, HistoryOptions, HistoryPage, KeptMessage } from "../../core/connector.ts";
import { isAfter, isEmpty } from "../../core/message/position.ts";
import { coversEmpty } from "../shared/empty-range.ts";
import { type HistoryLimits, historyLimits } from "../shared/history-limits.ts";

interface Entry extends KeptMessage {
	/** The later part of its id. */
	readonly sequence: number;
	/** When it came, in ms since 1970. */
	readonly at: number;
}

interface Kept {
	readonly entries: Entry[];
	/** The sequence of the newest entry that was let go. */
	letGo: number;
}

/**
 * What a process keeps. It is gone with the process, and a cursor from an earlier one is found
 * nowhere: ids begin with the time at which the history began.
 */
export class MemoryHistory implements History {
	readonly #limits: HistoryLimits;
	readonly #began = beginnings();
	/** The channel that was used last comes last. */
	readonly #channels = new Map<string, Kept>();
	#sequence = 0;
	/** The sequence of the newest entry that was let go together with its channel. */
	#letGo = 0;

	constructor(options: HistoryOptions) {
		this.#limits = historyLimits(options);
	}

	/** @returns the message as its subscribers are to receive it. */
	keep(channel: string, payload: string): { id: string; payload: string } {
		const sequence = ++this.#sequence;
		const id = `${this.#began}-${sequence}`;
		const message = { id, payload: `{"id":"${id}",${payload.slice(1)}` };
		this.#add(channel, { ...message, sequence, at: Date.now() });
		return message;
	}

	async read(channel: string, after: string, limit: number): Promise<HistoryPage> {
		const { entries, letGo } = this.#kept(channel);
		if (after === "0-0" || isEmpty(after)) return this.#first(after, entries, letGo, limit);
		const index = entries.findIndex(({ id }) => id === after);
		const covered = index !== -1;
		// Of a position that is not here, what is kept after it: ids grow, whoever made them.
		const from = covered ? index + 1 : entries.findIndex(({ id }) => isAfter(id, after));
		const rest = from === -1 ? [] : entries.slice(from, from + limit + 1);
		return page(covered, rest, limit);
	}

	#first(after: string, entries: readonly Entry[], letGo: number, limit: number): HistoryPage {
		const empty = { from: this.#emptyAt(letGo), to: this.#emptyAt(this.#sequence) };
		return { ...page(coversEmpty(after, empty), entries, limit), empty };
	}

	async head(channel: string, back = 0): Promise<string> {
		const { entries } = this.#kept(channel);
		if (entries.length === 0) return this.#emptyAt(this.#sequence);
		return entries.at(-1 - back)?.id ?? "0-0";
	}

	/** What was seen empty then misses nothing that is younger. */
	#emptyAt(sequence: number): string {
		return `~${this.#began}-${sequence}`;
	}

	/** What has not expired: of a channel that fell silent nothing is trimmed. */
	#kept(channel: string): Kept {
		const kept = this.#channels.get(channel);
		if (kept === undefined) return { entries: [], letGo: this.#letGo };
		this.#trim(kept, Date.now() - this.#limits.maxAge);
		return kept;
	}

	#add(channel: string, entry: Entry): void {
		const kept = this.#channels.get(channel) ?? { entries: [], letGo: this.#letGo };
		this.#channels.delete(channel);
		this.#channels.set(channel, kept);
		kept.entries.push(entry);
		const oldest = entry.at - this.#limits.maxAge;
		this.#trim(kept, oldest);
		this.#forgetIdle(oldest);
	}

	#trim(kept: Kept, oldest: number): void {
		const { entries } = kept;
		// One more than promised: whoever has seen that one can be given all the others.
		const surplus = Math.max(0, entries.length - this.#limits.maxLength - 1);
		const young = entries.findIndex(({ at }) => at >= oldest);
		const gone = entries.splice(0, Math.max(surplus, young === -1 ? entries.length : young));
		kept.letGo = gone.at(-1)?.sequence ?? kept.letGo;
	}

	/** Channels that nothing was published to for so long that all they kept has expired. */
	#forgetIdle(oldest: number): void {
		for (const [channel, kept] of this.#channels) {
			const newest = kept.entries.at(-1);
			if (newest !== undefined && newest.at >= oldest) return;
			this.#channels.delete(channel);
			this.#letGo = Math.max(this.#letGo, newest?.sequence ?? kept.letGo);
		}
	}
}

let latestBeginning = 0;

/** Now, and never the same twice: two histories of one process must not give the same ids. */
function beginnings(): number {
	latestBeginning = Math.max(Date.now(), latestBeginning + 1);
	return latestBeginning;
}

function page(covered: boolean, rest: readonly Entry[], limit: number): HistoryPage {
	const messages = rest.slice(0, limit).map(({ id, payload }) => ({ id, payload }));
	return { covered, messages, more: rest.length > limit };
}
