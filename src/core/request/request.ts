/** What a stream request asks for: method and channels. */

/** flask-sse's own default, when a request or a publish names no channel. */
export const defaultChannel = "sse";

/** UTF-16 code units in one channel's name. */
export const longestName = 512;

export interface ChannelLimits {
	/** Channels on one stream. */
	channels: number;
}

/** The channels of `?channel=a&channel=b`, in the order of the URL; none: `sse`. */
export function requestedChannels(request: Request): string[] {
	const names = queryOf(request)
		.getAll("channel")
		.filter((name) => name !== "");
	return names.length === 0 ? [defaultChannel] : names;
}

/**
 * Where the client left off: the header that an EventSource sends when it comes back, else the query, for
 * clients that can set no header. Undefined when it says nothing.
 */
export function requestedCursor(request: Request): string | undefined {
	const inQuery = queryOf(request).get("lastEventId");
	return request.headers.get("last-event-id") || inQuery || undefined;
}

/** The parameters of the URL, which on Bun is a path alone where the request has no `Host` (HTTP/1.0). */
export function queryOf(request: Request): URLSearchParams {
	return new URL(request.url, "http://localhost").searchParams;
}

/**
 * Whether the client asks to be told in events, which a page can hear, what is otherwise in comments and `retry:`, which
 * it cannot: pings, and when to come back. A service worker may drop the header of a reconnect, so a page that wants to
 * miss nothing has to reconnect by itself.
 */
export const controlQuery = ["sse.control", "events"] as const;

export function asksForControl(request: Request): boolean {
	const [name, value] = controlQuery;
	return queryOf(request).get(name) === value;
}

/** What is wrong with these channels, in words that name the rule; undefined when nothing is. */
export function channelProblem(
	names: readonly unknown[],
	limits: ChannelLimits,
): string | undefined {
	if (names.length === 0) return "channel: at least one is needed.";
	if (names.length > limits.channels) {
		return `channel: at most ${limits.channels} on one connection, got ${names.length}.`;
	}
	for (const name of names) {
		if (typeof name !== "string" || name === "")
			return "channel: must be a string that is not empty.";
		if (name.length > longestName) {
			return `channel: a name has at most ${longestName} characters, got ${name.length}.`;
		}
		// It has no form in UTF-8, where it would become another name.
		if (!name.isWellFormed()) {
			return "channel: must be well-formed Unicode, without a lone surrogate.";
		}
	}
	return undefined;
}

/** Of a request without its channels, in characters: tokens, and what the route itself needs. */
const longestRest = 16_384;

/** Of a position in one channel, as it stands in a cursor for several. */
const longestPosition = 24;

/** What is wrong with the request before its channels are looked at; undefined when nothing is. */
export function urlProblem(request: Request, limits: ChannelLimits): string | undefined {
	// A character of a name is up to 9 of a URL.
	const longestUrl = longestRest + limits.channels * (longestName + 1) * 9;
	if (request.url.length <= longestUrl) return undefined;
	return `url: has at most ${longestUrl} characters, got ${request.url.length}.`;
}

/**
 * What is wrong with where the client says that it left off; undefined when nothing is. The longest is four
 * times what an id can be, and room for a position in each channel: nobody was ever given more. Anything
 * shorter that makes no sense is a gap and no refusal, for an EventSource gives up on a 400 for good. That
 * goes for bytes past ASCII too, which each runtime hands on in a way of its own: a cursor has none.
 *
 * @param isUsed asked only about one that is too long: without history it says nothing, so it may be anything.
 */
export function cursorProblem(
	request: Request,
	limits: ChannelLimits,
	isUsed: () => boolean,
): string | undefined {
	const { length } = requestedCursor(request) ?? "";
	const longestCursor = 4_096 + limits.channels * longestPosition;
	if (length <= longestCursor || !isUsed()) return undefined;
	return `Last-Event-ID: has at most ${longestCursor} characters, got ${length}.`;
}

/** Whether a channel is on the list, if there is one; a `*` at the end of an entry stands for any rest. */
export function isAllowed(name: string, list: readonly string[] | undefined): boolean {
	return (
		list?.some((entry) =>
			entry.endsWith("*") ? name.startsWith(entry.slice(0, -1)) : name === entry,
		) ?? true
	);
}

/**
 * @param allowed the only channels there are, if that is limited.
 * @throws {TypeError} when code may not do that with the channel; it names the rule.
 */
export function checkChannel(
	channel: string,
	allowed: readonly string[] | undefined,
	what: "publish" | "forget" | "listen",
): void {
	const problem = channelProblem([channel], { channels: 1 });
	if (problem !== undefined) throw new TypeError(`Cannot ${what}. ${problem}`);
	if (isAllowed(channel, allowed)) return;
	throw new TypeError(`Cannot ${what}. channel: is not one of channels.allowed.`);
}
