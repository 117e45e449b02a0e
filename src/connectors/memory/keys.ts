/** How long a key is remembered, in ms. */
const keyAge = 300_000;

/** The most keys per channel. The oldest is dropped first. */
const mostKeys = 10_000;

/** The keys of a channel's recent messages, and their ids. */
export class RecentKeys {
	/** The oldest comes first. */
	readonly #ids = new Map<string, { id: string; at: number }>();

	/** The id of the message that already has the key. */
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
