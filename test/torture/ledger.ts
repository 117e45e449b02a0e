import { isAfter } from "../../src/core/message/position.ts";

/** A message, as far as anybody knows. */
export interface Entry {
	readonly key: string;
	readonly channel: string;
	/** Where the store keeps it; undefined until somebody has said so. */
	id: string | undefined;
	/** Its publisher was told that it is stored. */
	acknowledged: boolean;
}

/**
 * What was really published. Three kinds of witnesses report here: publishers what the library acknowledged,
 * a reader of the store what is in there, and clients what they were sent. They must not contradict each other.
 */
export class Ledger {
	readonly problems: string[] = [];
	readonly #byKey = new Map<string, Entry>();
	readonly #keyById = new Map<string, string>();
	published = 0;
	/** Publishes that failed, so that nobody knows whether the message is there. */
	unknown = 0;

	acknowledged(channel: string, key: string, id: string | undefined): Entry {
		this.published++;
		if (id === undefined) this.#problem(`${key} was acknowledged without an id`);
		const entry = this.witnessed(channel, key, id);
		entry.acknowledged = true;
		return entry;
	}

	witnessed(channel: string, key: string, id: string | undefined): Entry {
		let entry = this.#byKey.get(key);
		if (entry === undefined) {
			entry = { key, channel, id: undefined, acknowledged: false };
			this.#byKey.set(key, entry);
		}
		if (entry.channel !== channel) this.#problem(`${key} of ${entry.channel} came on ${channel}`);
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
		return [...this.#byKey.values()]
			.filter((entry): entry is Entry & { id: string } => entry.id !== undefined)
			.filter((entry) => entry.channel === channel)
			.sort((a, b) => (isAfter(a.id, b.id) ? 1 : -1));
	}

	#problem(text: string): void {
		this.problems.push(text);
	}
}
