/** Gives places to a process that is one of several, which share a limit. */
export interface Lender {
	/**
	 * Asks for places. It calls `lend()`, and resolves to whether there were any. It never rejects.
	 */
	take(): Promise<boolean>;
	/** Returns places that nobody has. */
	give(places: number): void;
	/** So many free places are kept, because clients come and go. */
	readonly spare: number;
}

/** Counts open and opening streams: in all, and per client. */
export class ConnectionLimits {
	#most: number;
	readonly #mostOfOne: number;
	readonly #ofOne = new Map<string, number>();
	#all = 0;
	#lender: Lender | undefined;
	#asking: Promise<boolean> | undefined;
	/** Whether another process wanted places that were free here: none is kept then. */
	#isScarce = false;

	/** @param most streams in all. @param mostOfOne streams of one client. */
	constructor(most: number, mostOfOne: number) {
		this.#most = most;
		this.#mostOfOne = mostOfOne;
	}

	/** From now on there are as many places as the lender gives. */
	borrow(lender: Lender): void {
		this.#lender = lender;
		this.#most = 0;
	}

	/** More places. */
	lend(places: number): void {
		this.#most += places;
		this.#isScarce = false;
	}

	/** Returns how many places nobody has. They are not this process's any more. */
	recall(): number {
		const free = Math.max(0, this.#most - this.#all);
		this.#most -= free;
		this.#isScarce = true;
		return free;
	}

	/** Waits for a free place where there may be one. @returns undefined when no slot is free. */
	async enter(key: string | undefined): Promise<Slot | undefined> {
		while (this.#all >= this.#most && (await this.#more()));
		return this.acquire(key);
	}

	/**
	 * @param key the client's key, if clients are counted. @returns undefined when no slot is
	 *   free.
	 */
	acquire(key: string | undefined): Slot | undefined {
		if (this.#all >= this.#most) return undefined;
		if (key !== undefined) {
			const mine = this.#ofOne.get(key) ?? 0;
			if (mine >= this.#mostOfOne) return undefined;
			this.#ofOne.set(key, mine + 1);
		}
		this.#all++;
		return new Slot(this, key);
	}

	/** Frees a slot. */
	release(key: string | undefined): void {
		this.#all--;
		this.#giveBack();
		if (key === undefined) return;
		const mine = (this.#ofOne.get(key) ?? 1) - 1;
		if (mine === 0) this.#ofOne.delete(key);
		else this.#ofOne.set(key, mine);
	}

	/** Whoever waits shares one question. */
	#more(): Promise<boolean> | undefined {
		if (this.#lender === undefined) return undefined;
		this.#asking ??= this.#lender.take().finally(() => {
			this.#asking = undefined;
		});
		return this.#asking;
	}

	#giveBack(): void {
		if (this.#lender === undefined) return;
		const free = this.#most - this.#all;
		const kept = this.#isScarce ? 0 : this.#lender.spare;
		// Half of them, or all: not one by one.
		if (free <= kept * 2) return;
		this.#most -= free - kept;
		this.#lender.give(free - kept);
	}
}

/** One client's place, until it leaves. */
export class Slot {
	#limits: ConnectionLimits | undefined;
	/** The client's key, if clients are told apart. */
	readonly key: string | undefined;

	constructor(admission: ConnectionLimits, key: string | undefined) {
		this.#limits = admission;
		this.key = key;
	}

	/** Idempotent. */
	release(): void {
		this.#limits?.release(this.key);
		this.#limits = undefined;
	}
}
