/** Counts the streams that are open or being opened: in all, and of each client. */
export class Admission {
	readonly #most: number;
	readonly #mostOfOne: number;
	readonly #ofOne = new Map<string, number>();
	#all = 0;

	constructor(limits: { maxConnections: number; maxConnectionsPerClient: number }) {
		this.#most = limits.maxConnections;
		this.#mostOfOne = limits.maxConnectionsPerClient;
	}

	/** @returns gives the place back, once; undefined: there is none. */
	enter(key: string | undefined): (() => void) | undefined {
		if (this.#all >= this.#most) return undefined;
		if (key !== undefined) {
			const mine = this.#ofOne.get(key) ?? 0;
			if (mine >= this.#mostOfOne) return undefined;
			this.#ofOne.set(key, mine + 1);
		}
		this.#all++;
		let inside = true;
		return () => {
			if (!inside) return;
			inside = false;
			this.#all--;
			if (key === undefined) return;
			const mine = (this.#ofOne.get(key) ?? 1) - 1;
			if (mine === 0) this.#ofOne.delete(key);
			else this.#ofOne.set(key, mine);
		};
	}
}
