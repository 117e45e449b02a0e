import type { ObjectStorage } from "cloudflare:workers";

/** The object's one alarm, which a subclass may have set for itself: then its handler calls ours. */
export class SqlAlarm {
	readonly #storage: ObjectStorage;
	#isSet = false;
	/** When the alarm is due that was set here, since the object was loaded. */
	#own: number | undefined;

	constructor(storage: ObjectStorage) {
		this.#storage = storage;
	}

	/** @param end when something expires, in ms since 1970; asked for only where it matters. */
	async set(end: () => number | undefined): Promise<void> {
		if (this.#isSet) return;
		const time = end();
		if (time === undefined) return;
		this.#isSet = true;
		if ((await this.#storage.getAlarm()) === null) await this.#setTo(time + 1);
	}

	/** Something expires before what the alarm is for. */
	async bringForward(end: number): Promise<void> {
		const now = await this.#storage.getAlarm();
		if (now === null || (now === this.#own && end + 1 < now)) await this.#setTo(end + 1);
	}

	/** It went off. */
	fired(): void {
		this.#isSet = false;
	}

	async #setTo(time: number): Promise<void> {
		this.#own = time;
		await this.#storage.setAlarm(time);
	}
}
