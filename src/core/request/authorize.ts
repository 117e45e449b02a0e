/** What a request may have of what it asked for: some of the channels, an end, or both. */
export interface Grant {
	/**
	 * The channels that are streamed, in the request's order.
	 *
	 * @defaultValue all channels that it asked for
	 */
	channels?: readonly string[];
	/**
	 * When the stream ends, in ms since 1970. The client then reconnects and is authorized again.
	 *
	 * @defaultValue no end
	 */
	expires?: number | undefined;
}

/**
 * Decides on a stream before anything is asked of the broker.
 *
 * - `true`, or a grant: it is streamed. Channels of the grant that the request did not name are
 *   ignored.
 * - `false`, a grant without a channel, or any other value: 403. An EventSource does not ask
 *   again after it.
 * - A `Response`: that is the answer, unchanged (a 401 with its challenge, a redirect to a
 *   login).
 * - It throws an `SseError` with code `unavailable`: the client is told to reconnect. Any other
 *   error is a 500 without detail, and goes to `onError`.
 *
 * @param channels the channels that the request, or the route, names.
 */
export type Authorize = (
	request: Request,
	channels: readonly string[],
) => boolean | Response | Grant | Promise<boolean | Response | Grant>;

/**
 * Turns a verdict that is no `Response` into a grant. JavaScript may return what TypeScript
 * would refuse: nothing, a list, a token's claims. Only a real grant grants anything.
 *
 * @throws {TypeError} when `expires` is no number, or is undefined and all that the grant has:
 *   the stream would never end.
 */
export function granted(verdict: unknown, names: readonly string[]) {
	const { channels, expires = Number.POSITIVE_INFINITY } = grantOf(verdict, names);
	if (typeof expires !== "number" || Number.isNaN(expires)) {
		throw new TypeError("authorize: expires must be a number, in ms since 1970.");
	}
	const set = new Set(Array.isArray(channels) ? channels : []);
	return { names: names.filter((name) => set.has(name)), expires };
}

function grantOf(verdict: unknown, names: readonly string[]): { [K in keyof Grant]: unknown } {
	if (verdict === true) return { channels: names };
	if (typeof verdict !== "object" || verdict === null) return {};
	if (!("expires" in verdict) || "channels" in verdict) return verdict;
	// The grant is of all channels until `expires`. A session without an end must not become an
	// endless stream.
	if (verdict.expires === undefined) {
		throw new TypeError("authorize: expires is undefined; to grant all without end, return true.");
	}
	return { channels: names, ...verdict };
}

/**
 * Tells a `Response` by its shape. Hono on Node replaces the class, so that what `fetch`
 * returns is no instance of it.
 */
export function isResponse(value: unknown): value is Response {
	return typeof value === "object" && value !== null && "status" in value && "headers" in value;
}
