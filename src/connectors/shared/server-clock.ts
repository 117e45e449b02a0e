/**
 * What is known of a server's clock, from its own answers. A call is given the latest time at which the server may
 * carry it out: a call that was given up is not carried out later, behind newer ones.
 *
 * An answer came after its time was read. So the server's clock is at least that much ahead of the monotonic clock here,
 * and the latest time is never past the moment at which the call is given up. Before the first answer it is taken from
 * this machine's clock. When that is wrong, or the server's clock was set forward, the server refuses one call and says
 * its time.
 */
export class ServerClock {
	/** How far the server's clock is ahead of `performance.now()`, in ms. */
	#ahead: number | undefined;
	readonly #quick: number;

	/** @param timeout of a call, in ms. An answer that took less than a quarter says best what the server's clock is now. */
	constructor(timeout: number) {
		this.#quick = timeout / 4;
	}

	/** @param time by `performance.now()`. @returns the same moment by the server's clock, in ms since 1970. */
	at(time: number): number {
		// Not when it is made: on Workers there is no clock before the first request.
		this.#ahead ??= Date.now() - performance.now();
		return Math.floor(time + this.#ahead);
	}

	/** An answer's time, between two moments by `performance.now()`. */
	learn(serverTime: number, sent: number, received: number): void {
		const ahead = serverTime - received;
		if (received - sent < this.#quick || ahead > (this.#ahead ?? ahead)) this.#ahead = ahead;
	}

	/** The server refused a call that came in time, and said its time. */
	correct(serverTime: number, received: number): void {
		this.#ahead = serverTime - received;
	}
}
