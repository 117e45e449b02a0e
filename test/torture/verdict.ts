import { beginning, isAfter, isEmpty } from "../../src/core/message/position.ts";
import type { Client } from "./client.ts";
import type { Seen } from "./crowd.ts";
import type { StoreLoss } from "./environment.ts";
import type { Entry, Ledger } from "./ledger.ts";

export interface Verdict {
	lost: number;
	doubled: number;
	disordered: number;
	/** Gaps that were reported although nothing was missing, or did not have to be. */
	falseGaps: number;
	/** Messages that were trimmed before a client came back for them, and that were reported as a gap. */
	trimmed: number;
	/** Descriptions of the first faults. */
	problems: string[];
}

/** What the verdict needs of a client. */
type Judged = Pick<Client, "channels" | "problems" | "seen" | "start">;

interface Truth {
	/** Whether only messages that were confirmed must be in order. */
	readonly confirmedOnly: boolean;
	channels: readonly string[];
	maxLength: number;
	storeLosses: readonly StoreLoss[];
	/** The store loses messages while it runs. Its empty positions then do not show it, as docs/delivery.md says. */
	wiped: boolean;
}

/** The clock in an id is the store's; one tick of it may lie between the two. */
const clockTick = 2;

/** One channel's messages in their true order. */
class Sequence {
	readonly entries: readonly (Entry & { id: string })[];
	readonly #ordinals: ReadonlyMap<Entry, number>;
	readonly #times: readonly number[];
	readonly #truth: Truth;

	constructor(entries: readonly (Entry & { id: string })[], truth: Truth) {
		// The same objects as the clients hold, so that they can be compared.
		this.entries = entries;
		this.#ordinals = new Map(entries.map((entry, ordinal) => [entry, ordinal]));
		this.#times = entries.map(({ id }) => timeOf(id));
		this.#truth = truth;
	}

	/** When the store lost messages, in words. */
	get wipes(): string {
		return this.#truth.storeLosses
			.map(({ from, to }) => `, store lost ${time(from)} to ${time(to)}`)
			.join("");
	}

	ordinalOf(entry: Entry): number | undefined {
		return this.#ordinals.get(entry);
	}

	/** The ordinal of the first message after a position. */
	after(position: string): number {
		// At an empty position the store had nothing: the messages of an earlier store are not after it.
		const last = isEmpty(position) ? lastBefore(position) : position;
		let low = 0;
		let high = this.entries.length;
		while (low < high) {
			const middle = (low + high) >> 1;
			if (isAfter(this.entries[middle]?.id ?? "", last)) high = middle;
			else low = middle + 1;
		}
		return low;
	}

	/** How many messages before this one may have been wiped before it came to a client, at this time. */
	wipedBefore(ordinal: number, at: number): number {
		const { storeLosses, wiped } = this.#truth;
		const wipes = wiped ? storeLosses.filter(({ from }) => from <= at) : [];
		const over = Math.max(...wipes.map(({ to }) => to)) + clockTick;
		return Math.min(ordinal, this.#times.filter((time) => time <= over).length);
	}

	/** Whether the store may have been without the message of this position at a time. */
	gone(position: string, at: number): boolean {
		const since = timeOf(position);
		if (this.#truth.storeLosses.some(({ from, to }) => since < to && from <= at)) return true;
		let newer = 0;
		for (let ordinal = this.after(position); ordinal < this.entries.length; ordinal++) {
			if ((this.#times[ordinal] ?? 0) <= at + clockTick) newer++;
			if (newer > this.#truth.maxLength) return true;
		}
		return false;
	}
}

/**
 * The last id that a message before the empty position may have. A message with the same numbers came after it.
 */
function lastBefore(position: string): string {
	const [ms = "", sequence] = position.slice(1).split("-");
	const before = Number(sequence) - 1;
	return before < 0 ? `${Number(ms) - 1}-${Number.MAX_SAFE_INTEGER}` : `${ms}-${before}`;
}

/** Of an id, or of the time at which a channel was seen empty (`~…`). */
function timeOf(position: string): number {
	return Number.parseInt(position.replace("~", ""), 10);
}

/** Compares what every client was sent with what was really published. */
export function judge(clients: readonly Judged[], ledger: Ledger, truth: Truth): Verdict {
	const verdict: Verdict = {
		lost: 0,
		doubled: 0,
		disordered: 0,
		falseGaps: 0,
		trimmed: 0,
		problems: [...ledger.problems],
	};
	const sequences = new Map<string, Sequence>();
	for (const [index, client] of clients.entries()) {
		verdict.problems.push(...client.problems.map((text) => `client ${index} ${text}`));
		for (const [channel, seen] of client.seen) {
			const sequence = sequences.get(channel) ?? new Sequence(ledger.sequence(channel), truth);
			sequences.set(channel, sequence);
			const start = client.start?.get(channel);
			const who = `client ${index} of ${client.channels.join("+")}, ${channel}`;
			if (start === undefined) verdict.problems.push(`${who}: never had a cursor`);
			else follow(who, seen, sequence, start, verdict);
		}
	}
	for (const channel of truth.channels) {
		const inversions = ledger.inversions(channel, truth.confirmedOnly);
		verdict.disordered += inversions.length;
		verdict.problems.push(...inversions);
	}
	return verdict;
}

function follow(
	who: string,
	seen: readonly Seen[],
	sequence: Sequence,
	start: string,
	verdict: Verdict,
): void {
	const came = new Set<Entry>();
	let expected = sequence.after(start);
	// A client that asks for all that is kept need not be told of what is not.
	let forewarned = start === beginning;
	const missed = (until: number, at: number, how = "") => {
		const last = sequence.entries[until - 1];
		if (last === undefined) return;
		const count = until - expected;
		// Messages that were trimmed before the gap was reported are no loss, nor are older ones.
		if (forewarned && sequence.gone(last.id, at)) {
			verdict.trimmed += count;
			return;
		}
		verdict.lost += count;
		const first = sequence.entries[expected];
		const told = forewarned ? " (after a gap, and yet kept)" : "";
		const when = `${time(at)}${sequence.wipes}`;
		verdict.problems.push(
			`${who}: ${count} lost, from ${first?.key} ${first?.id} to ${last.id}, seen at ${when}${told}${how}`,
		);
	};
	for (const [index, item] of seen.entries()) {
		if (!("entry" in item)) {
			forewarned = true;
			const from = item.gap;
			if (from !== undefined && sequence.gone(from, item.at)) continue;
			verdict.falseGaps++;
			verdict.problems.push(`${who}: a gap was told from ${from}, which was still kept`);
			continue;
		}
		const ordinal = sequence.ordinalOf(item.entry);
		if (ordinal === undefined) {
			verdict.problems.push(`${who}: ${item.entry.key} has no place in the store`);
			continue;
		}
		if (ordinal < expected) {
			const before = seen[index - 1];
			const after = before !== undefined && "entry" in before ? before.entry.id : "a gap";
			const kind = came.has(item.entry) ? "doubled" : "disordered";
			verdict[kind]++;
			verdict.problems.push(`${who}: ${item.entry.key} ${item.entry.id} ${kind}, after ${after}`);
			continue;
		}
		if (came.size === 0 && isEmpty(start)) {
			const wiped = Math.max(0, sequence.wipedBefore(ordinal, item.at) - expected);
			verdict.trimmed += wiped;
			expected += wiped;
		}
		if (ordinal > expected) missed(ordinal, item.at, circumstances(seen, index));
		came.add(item.entry);
		expected = ordinal + 1;
		forewarned = false;
	}
	if (expected < sequence.entries.length) missed(sequence.entries.length, Date.now());
}

/** What was seen before and after the loss, and on which connections: where to look for its cause. */
function circumstances(seen: readonly Seen[], index: number): string {
	const lines = seen.slice(Math.max(0, index - 2), index + 2).map((item) => {
		const what = "entry" in item ? `${item.entry.key} ${item.entry.id}` : `gap ${item.gap}`;
		const { hub, began, cursor } = item.visit;
		return `\n      ${time(item.at)} ${what}, at ${hub} since ${time(began)} from ${cursor}`;
	});
	return lines.join("");
}

function time(at: number): string {
	return new Date(at).toISOString().slice(11, 23);
}
