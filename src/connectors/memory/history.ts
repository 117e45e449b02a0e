import type { History, HistoryOptions, HistoryPage, KeptMessage } from "../../connector.ts";
import { type HistoryLimits, historyLimits } from "../history-limits.ts";

interface Entry extends KeptMessage {
	/** When it came, in ms since 1970. */
	at: number;
	/** Where a reader waits for the first message; nothing to deliver. */
	marker: boolean;
}

/**
 * What a process keeps. It is gone with the process, and a cursor from an earlier one is found
 * nowhere: ids begin with the time at which the history began.
 */
export class MemoryHistory implements History {
	readonly #limits: HistoryLimits;
	readonly #began = Date.now();
	/** The channel that was used last comes last. */
	readonly #channels = new Map<string, Entry[]>();
	#sequence = 0;

	constructor(options: HistoryOptions) {
		this.#limits = historyLimits(options);
	}

	keep(channel: string, payload: string): KeptMessage {
		const id = this.#nextId();
		const entry = {
			id,
			payload: `{"id":"${id}",${payload.slice(1)}`,
			at: Date.now(),
			marker: false,
		};
		this.#add(channel, entry);
		return entry;
	}

	async read(channel: string, after: string, limit: number): Promise<HistoryPage> {
		const entries = this.#channels.get(channel) ?? [];
		const index = after === "0-0" ? -1 : entries.findIndex(({ id }) => id === after);
		const covered = index !== -1 || after === "0-0";
		// Of a position that is not here, what is kept after it: ids grow, whoever made them.
		const from = covered ? index + 1 : entries.findIndex(({ id }) => isLater(id, after));
		const rest = from === -1 ? [] : entries.slice(from).filter(({ marker }) => !marker);
		return { covered, messages: rest.slice(0, limit), more: rest.length > limit };
	}

	async head(channel: string): Promise<string> {
		const newest = this.#channels.get(channel)?.at(-1);
		if (newest !== undefined) return newest.id;
		const id = this.#nextId();
		this.#add(channel, { id, payload: "", at: Date.now(), marker: true });
		return id;
	}

	#nextId(): string {
		return `${this.#began}-${++this.#sequence}`;
	}

	#add(channel: string, entry: Entry): void {
		const entries = this.#channels.get(channel) ?? [];
		this.#channels.delete(channel);
		this.#channels.set(channel, entries);
		entries.push(entry);
		const oldest = entry.at - this.#limits.maxAge;
		// One more than promised: whoever has seen that one can be given all the others.
		const surplus = entries.length - this.#limits.maxLength - 1;
		const expired = entries.findIndex(({ at }) => at >= oldest);
		entries.splice(0, Math.max(0, surplus, expired));
		this.#forgetIdle(oldest);
	}

	/** Channels that nothing was published to for so long that all they kept has expired. */
	#forgetIdle(oldest: number): void {
		for (const [channel, entries] of this.#channels) {
			if ((entries.at(-1)?.at ?? 0) >= oldest) return;
			this.#channels.delete(channel);
		}
	}
}

function isLater(id: string, than: string): boolean {
	const [ms, sequence] = id.split("-").map(Number);
	const [thanMs, thanSequence] = than.split("-").map(Number);
	if (ms !== thanMs) return Number(ms) > Number(thanMs);
	return Number(sequence) > Number(thanSequence);
}
