/** Counts the streams that are open or being opened: in all, and of each client. */
export class Admission {
	readonly #most: number;
	readonly #mostOfOne: number;
	readonly #ofOne = new Map<string, number>();
	#all = 0;

	/** @param most streams in all. @param mostOfOne streams of one client. */
	constructor(most: number, mostOfOne: number) {
		this.#most = most;
		this.#mostOfOne = mostOfOne;
	}

	/** @param key of the client, where one is counted. @returns undefined: there is no place. */
	enter(key: string | undefined): Place | undefined {
		if (this.#all >= this.#most) return undefined;
		if (key !== undefined) {
			const mine = this.#ofOne.get(key) ?? 0;
			if (mine >= this.#mostOfOne) return undefined;
			this.#ofOne.set(key, mine + 1);
		}
		this.#all++;
		return new Place(this, key);
	}

	/** A place is free again. */
	left(key: string | undefined): void {
		this.#all--;
		if (key === undefined) return;
		const mine = (this.#ofOne.get(key) ?? 1) - 1;
		if (mine === 0) this.#ofOne.delete(key);
		else this.#ofOne.set(key, mine);
	}
}

/** One client's, until it leaves. */
export class Place {
	#admission: Admission | undefined;
	readonly #key: string | undefined;

	constructor(admission: Admission, key: string | undefined) {
		this.#admission = admission;
		this.#key = key;
	}

	/** Idempotent. */
	leave(): void {
		this.#admission?.left(this.#key);
		this.#admission = undefined;
	}
}
