/** The largest block of places that a process is given at once. */
const largestBlock = 100;

/**
 * A limit that several processes share. Each has some of the places, and asks for more when it needs them. When all are
 * given away, those that nobody has are recalled.
 */
export class Places<Owner> {
	readonly block: number;
	readonly #total: number;
	readonly #given = new Map<Owner, number>();
	readonly #recall: (owner: Owner) => Promise<unknown>;
	#recalling: Promise<unknown> | undefined;

	/**
	 * @param owners how many processes there are.
	 * @param recall has a process return what nobody has there. It settles when that is done, or is not to be waited for.
	 */
	constructor(total: number, owners: number, recall: (owner: Owner) => Promise<unknown>) {
		this.#total = total;
		this.#recall = recall;
		this.block = Math.max(1, Math.min(largestBlock, Math.floor(total / owners / 8)));
	}

	get #free(): number {
		return [...this.#given.values()].reduce((free, given) => free - given, this.#total);
	}

	/** A process needs more. @returns how many it gets; 0: all places are taken. */
	async take(owner: Owner): Promise<number> {
		if (!this.#given.has(owner)) this.#given.set(owner, 0);
		if (this.#free <= 0) {
			this.#recalling ??= this.#recallAll(owner).finally(() => {
				this.#recalling = undefined;
			});
			await this.#recalling;
		}
		const given = this.#given.get(owner);
		// It has ended meanwhile.
		if (given === undefined) return 0;
		const places = Math.max(0, Math.min(this.block, this.#free));
		this.#given.set(owner, given + places);
		return places;
	}

	/** A process returns places. */
	give(owner: Owner, places: number): void {
		const given = this.#given.get(owner);
		if (given !== undefined) this.#given.set(owner, given - places);
	}

	/** A process has ended, and its streams with it. */
	gone(owner: Owner): void {
		this.#given.delete(owner);
	}

	/** The one who asks has none left. */
	async #recallAll(asker: Owner): Promise<void> {
		const others = [...this.#given].filter(([owner, given]) => owner !== asker && given > 0);
		// One that does not answer keeps its places: some may be taken.
		await Promise.allSettled(others.map(([owner]) => this.#recall(owner)));
	}
}
