/**
 * Asks the server for a sign of life at regular intervals. A subscriber only listens, so
 * nothing else shows a silently broken path: a firewall that forgot the connection, or a server
 * that hangs.
 */
export class Heartbeat {
	readonly #interval: number;
	readonly #beat: () => Promise<void>;
	#timer: ReturnType<typeof setTimeout> | undefined;
	#running = false;

	/**
	 * `interval` in ms; 0 turns it off. The next interval begins when `beat`, which must not
	 * reject, has resolved.
	 */
	constructor(interval: number, beat: () => Promise<void>) {
		this.#interval = interval;
		this.#beat = beat;
	}

	start(): void {
		if (this.#running || this.#interval === 0) return;
		this.#running = true;
		this.#schedule();
	}

	stop(): void {
		this.#running = false;
		clearTimeout(this.#timer);
	}

	#schedule(): void {
		clearTimeout(this.#timer);
		this.#timer = setTimeout(async () => {
			await this.#beat();
			if (this.#running) this.#schedule();
		}, this.#interval);
	}
}
