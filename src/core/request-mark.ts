/**
 * Tells whether the code that runs now belongs to the request in which the mark was made.
 *
 * Where I/O belongs to a request (Cloudflare Workers), a body that one request made throws when another
 * touches it. That is the only sign there is: a request has no name that code could ask for. Elsewhere
 * nothing throws, and all code counts as one request.
 *
 * @see https://developers.cloudflare.com/workers/observability/errors/#cannot-perform-io-on-behalf-of-a-different-request
 */
class RequestMark {
	#body = new Response("-").body;

	isOurs(): boolean {
		try {
			this.#body?.tee();
		} catch {
			return false;
		}
		// A body can be asked once.
		this.#body = new Response("-").body;
		return true;
	}
}

/** Something that is done with when it is idle. */
interface Idle {
	readonly isIdle: boolean;
}

/** Of those that may be left over from requests that have ended: each is asked for its mark. */
const mostBusy = 64;

/** After that an unused one is left over, whatever it says; in ms. */
const mostAge = 30_000;

interface Entry<T> {
	readonly mark: RequestMark;
	readonly value: T;
	/** As `performance.now()` has it. */
	used: number;
}

/**
 * One of something for each request, where one request must not wait for another's I/O; elsewhere one for all.
 *
 * A request takes its timers and continuations with it when it ends, so what it left may be busy for ever. It is
 * dropped by its age, and by the number of those that were used later.
 */
export class PerRequest<T extends Idle> {
	readonly #make: () => T;
	readonly #shared: T | undefined;
	readonly #maxAge: number;
	/** The latest used last. */
	#busy: Entry<T>[] = [];

	/** @param maxAge how long one may stay busy after it was last used, in ms; 30,000 at most. */
	constructor(scope: "process" | "request", make: () => T, maxAge = mostAge) {
		this.#make = make;
		this.#maxAge = Math.min(maxAge, mostAge);
		this.#shared = scope === "process" ? make() : undefined;
	}

	/** This request's, for as long as it is busy; else a new one. */
	get(): T {
		if (this.#shared !== undefined) return this.#shared;
		const now = performance.now();
		const busy = this.#busy.filter(({ value }) => !value.isIdle);
		// The latest first: a request is likely to go on with what it has just begun.
		const ours = busy.findLast(({ mark }) => mark.isOurs());
		const entry = ours ?? { mark: new RequestMark(), value: this.#make(), used: now };
		entry.used = now;
		// Its own is found before age counts: a request that has ended asks for nothing.
		const others = busy.filter((other) => other !== ours && now - other.used <= this.#maxAge);
		this.#busy = [...others.slice(1 - mostBusy), entry];
		return entry.value;
	}

	/** All that are busy. */
	all(): T[] {
		return this.#shared === undefined ? this.#busy.map(({ value }) => value) : [this.#shared];
	}
}
