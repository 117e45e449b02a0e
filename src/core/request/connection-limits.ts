/** Counts open and opening streams: in all, and per client. */
export class ConnectionLimits {
	/** Slots that there are. A process that is one of several has only some of all slots. */
	most: number;
	/** Slots that are taken. */
	all = 0;
	/** Asks for more slots, and says whether there were some. */
	more: (() => Promise<boolean>) | undefined;
	/** A slot is free. */
	freed: (() => void) | undefined;
	readonly #mostOfOne: number;
	readonly #ofOne = new Map<string, number>();

	/** @param most streams in all. @param mostOfOne streams of one client. */
	constructor(most: number, mostOfOne: number) {
		this.most = most;
		this.#mostOfOne = mostOfOne;
	}

	/** Waits for a slot where there may be one. @returns as `acquire` does. */
	async enter(key: string | undefined): Promise<Slot | undefined> {
		while (this.all >= this.most && (await this.more?.()));
		return this.acquire(key);
	}

	/**
	 * @param key the client's key, if clients are counted. @returns undefined when no slot is
	 *   free.
	 */
	acquire(key: string | undefined): Slot | undefined {
		if (this.all >= this.most) return undefined;
		if (key !== undefined) {
			const mine = this.#ofOne.get(key) ?? 0;
			if (mine >= this.#mostOfOne) return undefined;
			this.#ofOne.set(key, mine + 1);
		}
		this.all++;
		return new Slot(this, key);
	}

	/** Frees a slot. */
	release(key: string | undefined): void {
		this.all--;
		this.freed?.();
		if (key === undefined) return;
		const mine = (this.#ofOne.get(key) ?? 1) - 1;
		if (mine === 0) this.#ofOne.delete(key);
		else this.#ofOne.set(key, mine);
	}
}

/** One client's slot, until it leaves. */
export class Slot {
	#limits: ConnectionLimits | undefined;
	/** The client's key, if clients are told apart. */
	readonly key: string | undefined;

	constructor(limits: ConnectionLimits, key: string | undefined) {
		this.#limits = limits;
		this.key = key;
	}

	/** Idempotent. */
	release(): void {
		this.#limits?.release(this.key);
		this.#limits = undefined;
	}
}
