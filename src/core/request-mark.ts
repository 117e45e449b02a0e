/**
 * Tells whether the running code belongs to the request in which the mark was made.
 *
 * Where I/O belongs to a request (Cloudflare Workers), a body throws when another request
 * touches it. There is no other sign: a request has no name that code could ask for. Elsewhere
 * nothing throws, and all code counts as one request.
 *
 * @see
 *   https://developers.cloudflare.com/workers/observability/errors/#cannot-perform-io-on-behalf-of-a-different-request
 */
class RequestMark {
	#body = new Response("-").body;

	isOurs(): boolean {
		try {
			this.#body?.tee();
		} catch {
			return false;
		}
		// A body can be used only once.
		this.#body = new Response("-").body;
		return true;
	}
}

/** Something that may be dropped while it is idle. */
interface Idle {
	readonly isIdle: boolean;
}

/**
 * The most busy entries to keep. Some may be left over from ended requests, and each is asked
 * for its mark.
 */
const mostBusy = 64;

/** An entry unused for longer counts as left over, even if it says that it is busy; in ms. */
const mostAge = 30_000;

interface Entry<T> {
	readonly mark: RequestMark;
	readonly value: T;
	/** By `performance.now()`. */
	used: number;
}

/**
 * One instance per request, where a request must not wait for another's I/O. Elsewhere one for
 * all.
 *
 * When a request ends, its timers and continuations end with it, so its instance may stay busy
 * for ever. Such an instance is dropped by its age, or when enough others were used later.
 */
export class PerRequest<T extends Idle> {
	readonly #make: () => T;
	readonly #shared: T | undefined;
	readonly #maxAge: number;
	/** The latest used comes last. */
	#busy: Entry<T>[] = [];

	/**
	 * @param maxAge how long an instance may stay busy after its last use, in ms; at most 30,000.
	 */
	constructor(scope: "process" | "request", make: () => T, maxAge = mostAge) {
		this.#make = make;
		this.#maxAge = Math.min(maxAge, mostAge);
		this.#shared = scope === "process" ? make() : undefined;
	}

	/** This request's instance while it is busy, else a new one. */
	get(): T {
		if (this.#shared !== undefined) return this.#shared;
		const now = performance.now();
		const busy = this.#busy.filter(({ value }) => !value.isIdle);
		// The latest comes first: a request is likely to go on with what it has just begun.
		const ours = busy.findLast(({ mark }) => mark.isOurs());
		const entry = ours ?? { mark: new RequestMark(), value: this.#make(), used: now };
		entry.used = now;
		// The request's own is found before age counts: an ended request asks for nothing.
		const others = busy.filter((other) => other !== ours && now - other.used <= this.#maxAge);
		this.#busy = [...others.slice(1 - mostBusy), entry];
		return entry.value;
	}

	/** All busy instances. */
	all(): T[] {
		return this.#shared === undefined ? this.#busy.map(({ value }) => value) : [this.#shared];
	}
}
