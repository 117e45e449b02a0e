/** What a request may have of what it asked for: a part of it, or all until then. */
export interface Grant {
	/** The channels that it is streamed, in the order in which it named them; left out: all that it asked for. */
	channels?: readonly string[];
	/** When the stream ends, in ms since 1970; the client then comes back, and is asked again. Default: never. */
	expires?: number | undefined;
}

/**
 * Decides on a stream before anything upstream is touched.
 *
 * - `true`, or a grant: it is streamed. Channels of the grant that the request did not name are ignored.
 * - `false`, a grant without a channel, or anything that is no answer: 403. An EventSource does not ask again
 *   after it.
 * - A `Response`: that is the answer, as it is (a 401 with its challenge, a redirect to a login).
 * - It throws an `SseError` with code `unavailable`: the client is asked to come back. Anything else that it throws is a
 *   500 without detail, and `onError` hears of it.
 *
 * @param channels as the request, or the route, names them.
 */
export type Authorize = (
	request: Request,
	channels: readonly string[],
) => boolean | Response | Grant | Promise<boolean | Response | Grant>;

/**
 * What a verdict that is no `Response` comes to. JavaScript returns by mistake what TypeScript would not: nothing,
 * a list, a token's claims. Only what is a grant grants.
 *
 * @throws {TypeError} when `expires` is no number, or undefined where it is all that is granted: the stream would
 *   never end.
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
	// It grants all, until then: an end that a session did not have must not make that for ever.
	if (verdict.expires === undefined) {
		throw new TypeError("authorize: expires is undefined in a grant of all channels; return true.");
	}
	return { channels: names, ...verdict };
}

/**
 * Known by its shape: where a host has put a class of its own in the place of `Response`, as Hono does on Node,
 * what `fetch` returns is none of its instances.
 */
export function isResponse(value: unknown): value is Response {
	return typeof value === "object" && value !== null && "status" in value && "headers" in value;
}
