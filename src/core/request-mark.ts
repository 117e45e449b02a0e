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

/**
 * One of something for each request, where one request must not wait for another's I/O; elsewhere one for all.
 */
export class PerRequest<T extends Idle> {
	readonly #make: () => T;
	readonly #shared: T | undefined;
	#busy: { mark: RequestMark; value: T }[] = [];

	constructor(scope: "process" | "request", make: () => T) {
		this.#make = make;
		this.#shared = scope === "process" ? make() : undefined;
	}

	/** This request's, for as long as it is busy; else a new one. */
	get(): T {
		if (this.#shared !== undefined) return this.#shared;
		this.#busy = this.#busy.filter(({ value }) => !value.isIdle);
		// The latest first: a request is likely to go on with what it has just begun.
		const found = this.#busy.findLast(({ mark }) => mark.isOurs());
		if (found !== undefined) return found.value;
		const value = this.#make();
		this.#busy.push({ mark: new RequestMark(), value });
		return value;
	}

	/** All that are busy. */
	all(): T[] {
		return this.#shared === undefined ? this.#busy.map(({ value }) => value) : [this.#shared];
	}
}
