/** How long a key is remembered, in ms. */
const keyAge = 300_000;

/** Keys of a channel at a time; the oldest makes room. */
const mostKeys = 10_000;

/** Which keys the messages of a channel had lately, and their ids. */
export class RecentKeys {
	/** The oldest first. */
	readonly #ids = new Map<string, { id: string; at: number }>();

	/** The id of the message that has the key already. */
	idOf(key: string, now: number): string | undefined {
		for (const [oldest, { at }] of this.#ids) {
			if (now - at < keyAge && this.#ids.size < mostKeys) break;
			this.#ids.delete(oldest);
		}
		return this.#ids.get(key)?.id;
	}

	add(key: string, id: string, now: number): void {
		this.#ids.set(key, { id, at: now });
	}

	/** Whether all have expired. */
	isOver(now: number): boolean {
		const last = [...this.#ids.values()].at(-1);
		return last === undefined || now - last.at >= keyAge;
	}
}
