/** A process gets at most this many places at once. */
const largestBlock = 100;

/**
 * A limit that several processes share. Each has some of the places, and asks for more when it needs them. When all are
 * lent, the processes are asked to return their free ones.
 */
export class Places<Owner> {
	readonly block: number;
	readonly #total: number;
	readonly #given = new Map<Owner, number>();
	readonly #recall: (owner: Owner) => Promise<unknown>;
	#recalling: Promise<unknown> | undefined;

	/**
	 * @param total how many places there are.
	 * @param owners how many processes share them.
	 * @param recall asks a process to return its free places. Settles when it has, or when it need not be waited for.
	 */
	constructor(total: number, owners: number, recall: (owner: Owner) => Promise<unknown>) {
		this.#total = total;
		this.#recall = recall;
		this.block = Math.max(1, Math.min(largestBlock, Math.floor(total / owners / 8)));
	}

	get #free(): number {
		return [...this.#given.values()].reduce((free, given) => free - given, this.#total);
	}

	/** Lends places to a process. @returns how many; 0: all places are taken. */
	async take(owner: Owner): Promise<number> {
		if (!this.#given.has(owner)) this.#given.set(owner, 0);
		// What a recall brought may have gone to another process that waited for it, and is asked for once more.
		for (let recalls = 0; this.#free <= 0 && recalls < 2; recalls++) {
			this.#recalling ??= this.#recallAll(owner).finally(() => {
				this.#recalling = undefined;
			});
			await this.#recalling;
		}
		const given = this.#given.get(owner);
		// The process has ended meanwhile.
		if (given === undefined) return 0;
		const places = Math.max(0, Math.min(this.block, this.#free));
		this.#given.set(owner, given + places);
		return places;
	}

	/** Takes back places of a process. */
	give(owner: Owner, places: number): void {
		const given = this.#given.get(owner);
		if (given !== undefined) this.#given.set(owner, given - places);
	}

	/** Takes back all places of a process that has ended. */
	gone(owner: Owner): void {
		this.#given.delete(owner);
	}

	/** Asks all processes but the asker for their free places. The asker has used up its own. */
	async #recallAll(asker: Owner): Promise<void> {
		const others = [...this.#given].filter(([owner, given]) => owner !== asker && given > 0);
		// A process that does not answer keeps its places, because its streams may have them.
		await Promise.allSettled(others.map(([owner]) => this.#recall(owner)));
	}
}
