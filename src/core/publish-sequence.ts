/** One call, which waits until what it sends is ready, and until it is the first in each of its channels. */
interface Ticket {
	readonly channels: readonly string[];
	/** There when it is ready. */
	go?: () => void;
}

/**
 * Lets calls go on in the order in which they were made, channel by channel, although a schema may take its time
 * to look at the data of one.
 */
export class PublishSequence {
	readonly #waiting = new Map<string, Ticket[]>();

	get isIdle(): boolean {
		return this.#waiting.size === 0;
	}

	/** @param prepared what is to be sent, or a promise of it; when that rejects, so does this. */
	run<T, R>(
		channels: readonly string[],
		prepared: T | Promise<T>,
		send: (prepared: T) => Promise<R>,
	): Promise<R> {
		const isFree = channels.every((channel) => !this.#waiting.has(channel));
		if (!(prepared instanceof Promise) && isFree) return send(prepared);
		return new Promise((resolve, reject) => {
			const ticket: Ticket = { channels };
			for (const channel of channels) this.#line(channel).push(ticket);
			const ready = (go: () => void) => {
				ticket.go = go;
				this.#advance(channels);
			};
			Promise.resolve(prepared).then(
				(value) => ready(() => void send(value).then(resolve, reject)),
				(error) => ready(() => reject(error)),
			);
		});
	}

	#line(channel: string): Ticket[] {
		const line = this.#waiting.get(channel) ?? [];
		this.#waiting.set(channel, line);
		return line;
	}

	/** Lets everyone go whose turn it is, now that something has changed in these channels. */
	#advance(changed: readonly string[]): void {
		const channels = [...changed];
		for (let channel = channels.pop(); channel !== undefined; channel = channels.pop()) {
			const first = this.#waiting.get(channel)?.[0];
			if (first?.go === undefined) continue;
			if (!first.channels.every((each) => this.#waiting.get(each)?.[0] === first)) continue;
			for (const each of first.channels) {
				const line = this.#waiting.get(each);
				line?.shift();
				if (line?.length === 0) this.#waiting.delete(each);
			}
			channels.push(...first.channels);
			first.go();
		}
	}
}
