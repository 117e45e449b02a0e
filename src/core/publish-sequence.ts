/**
 * One call. It waits until its message is ready, and until it is first in each of its channels.
 */
interface Ticket {
	readonly channels: readonly string[];
	/** Present when the message is ready. */
	go?: () => void;
}

/** Runs calls in the order in which they were made, per channel, while schemas take their time. */
export class PublishSequence {
	readonly #waiting = new Map<string, Ticket[]>();

	get isIdle(): boolean {
		return this.#waiting.size === 0;
	}

	/** @param prepared the message, or a promise of it. When it rejects, so does this. */
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

	/** Starts every call that is now first in all its channels. */
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
