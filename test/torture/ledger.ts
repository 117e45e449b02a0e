import { isAfter } from "../../src/core/message/position.ts";
import { channelsOf, placeOf } from "./text.ts";

/** A message, with all that is known of it. */
export interface Entry {
	readonly key: string;
	readonly channel: string;
	/** Its id in the store; undefined until it is known. */
	id: string | undefined;
	/** Its publisher was told that it is stored. */
	acknowledged: boolean;
}

/**
 * What was really published. Three kinds of witnesses report here: publishers what the library acknowledged, a
 * reader of the store its content, and clients what they were sent. They must not contradict each other.
 */
export class Ledger {
	readonly problems: string[] = [];
	/** By channel and key: a message to several channels is one in each. */
	readonly #entries = new Map<string, Entry>();
	readonly #keyById = new Map<string, string>();
	published = 0;
	/** Publishes that failed with an unknown outcome. */
	unknown = 0;

	acknowledged(channel: string, key: string, id: string | undefined): Entry {
		if (id === undefined) this.#problem(`${key} was acknowledged without an id`);
		const entry = this.witnessed(channel, key, id);
		// Except of a message that was sent again.
		if (!entry.acknowledged) this.published++;
		entry.acknowledged = true;
		return entry;
	}

	witnessed(channel: string, key: string, id: string | undefined): Entry {
		const name = `${channel} ${key}`;
		let entry = this.#entries.get(name);
		if (entry === undefined) {
			entry = { key, channel, id: undefined, acknowledged: false };
			this.#entries.set(name, entry);
			if (!channelsOf(key).includes(channel)) this.#problem(`${key} came on ${channel}`);
		}
		if (id === undefined || entry.id === id) return entry;
		if (entry.id !== undefined) this.#problem(`${key} has two ids, ${entry.id} and ${id}`);
		const place = `${channel} ${id}`;
		const other = this.#keyById.get(place);
		if (other !== undefined) this.#problem(`${id} of ${channel} is both ${other} and ${key}`);
		this.#keyById.set(place, key);
		entry.id = id;
		return entry;
	}

	/** A channel's messages in the store's order. */
	sequence(channel: string): (Entry & { id: string })[] {
		return [...this.#entries.values()]
			.filter((entry): entry is Entry & { id: string } => entry.id !== undefined)
			.filter((entry) => entry.channel === channel)
			.sort((a, b) => (isAfter(a.id, b.id) ? 1 : -1));
	}

	/**
	 * Describes what the store has in another order than it was published in.
	 *
	 * @param confirmedOnly leaves out messages whose publish failed: over HTTP such a request may still be on
	 * its way when the next one arrives.
	 */
	inversions(channel: string, confirmedOnly: boolean): string[] {
		const found: string[] = [];
		const newest = new Map<string, Entry & { count: number }>();
		for (const entry of this.sequence(channel)) {
			const place = placeOf(entry.key);
			if (place === undefined || (confirmedOnly && !entry.acknowledged)) continue;
			const before = newest.get(place.line);
			if (before === undefined || before.count < place.count) {
				newest.set(place.line, { ...entry, count: place.count });
				continue;
			}
			const how = entry.acknowledged ? "" : ", which nobody confirmed,";
			found.push(
				`${channel}: ${entry.key} ${entry.id}${how} is stored after ${before.key} ${before.id}`,
			);
		}
		return found;
	}

	#problem(text: string): void {
		this.problems.push(text);
	}
}
