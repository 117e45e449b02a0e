/** What a request may have of what it asked for. */
export interface Grant {
	/** The channels that it is streamed, in the order in which it named them; default: all that it asked for. */
	channels?: readonly string[] | undefined;
	/** When the stream ends, in ms since 1970; the client then comes back, and is asked again. Default: never. */
	expires?: number | undefined;
}

/**
 * Decides on a stream before anything upstream is touched.
 *
 * - `true`, or a grant: it is streamed. Channels of the grant that the request did not name are ignored.
 * - `false`, or a grant without a channel: 403. An EventSource does not ask again after it.
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
