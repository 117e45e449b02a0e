/** What a stream request asks for: its channels and its cursor. */

/** flask-sse's own default for a request or a publish that names no channel. */
export const defaultChannel = "sse";

/** The longest channel name, in UTF-16 code units. */
export const longestName = 512;

/** Ends the names of the library's own channels. No client and no publish can name these. */
const ownMark = "␟";

/** Where the processes of one application talk to each other. */
export const controlChannel: string = "sse:control␟";

export interface ChannelLimits {
	/** The most channels on one stream. */
	channels: number;
}

/** The channels of `?channel=a&channel=b`, in the order of the URL. Without any: `sse`. */
export function requestedChannels(request: Request): string[] {
	const names = queryOf(request)
		.getAll("channel")
		.filter((name) => name !== "");
	return names.length === 0 ? [defaultChannel] : names;
}

/**
 * Where the client left off. An EventSource sends it as a header; clients that cannot set
 * headers put it into the query.
 */
export function requestedCursor(request: Request): string | undefined {
	const inQuery = queryOf(request).get("lastEventId");
	return request.headers.get("last-event-id") || inQuery || undefined;
}

/** What was read last. A stream's request asks for its parameters six times, at 1 to 2 µs each on Node. */
let last: { readonly url: string; readonly query: URLSearchParams } | undefined;

/**
 * The URL's parameters, to read. On Bun the URL of a request without a `Host` (HTTP/1.0) is only a path.
 */
export function queryOf({ url }: Request): URLSearchParams {
	if (last?.url !== url) last = { url, query: new URL(url, "http://localhost").searchParams };
	return last.query;
}

/**
 * Asks for events instead of comments and `retry:`, for pings and for when to reconnect. A page
 * can hear only events. A service worker may drop the header of a reconnect, so a page that
 * must miss nothing reconnects by itself.
 */
export const controlQuery = ["sse.control", "events"] as const;

export function asksForControl(request: Request): boolean {
	const [name, value] = controlQuery;
	return queryOf(request).get(name) === value;
}

/** Asks for `{"channel": …, "data": …}` as each event's data, with `?envelope=1`. */
export const envelopeQuery = ["envelope", "1"] as const;

export function asksForEnvelope(request: Request): boolean {
	const [name, value] = envelopeQuery;
	return queryOf(request).get(name) === value;
}

/** Asks for a cursor that names its channel, also of a single one, with `?sse.cursor=named`. */
const cursorQuery = ["sse.cursor", "named"] as const;

export function asksForNamedCursor(request: Request): boolean {
	const [name, value] = cursorQuery;
	return queryOf(request).get(name) === value;
}

/** Names the rule that these channels break. Undefined: none. */
export function channelProblem(
	names: readonly unknown[],
	limits: ChannelLimits,
): string | undefined {
	if (names.length === 0) return "channel: at least one is needed.";
	if (names.length > limits.channels) {
		return `channel: at most ${limits.channels} on one connection, got ${names.length}.`;
	}
	for (const name of names) {
		const problem = nameProblem(name);
		if (problem !== undefined) return problem;
	}
	return undefined;
}

/** Names the rule that a channel's name breaks. Undefined: none. */
function nameProblem(name: unknown): string | undefined {
	if (typeof name !== "string" || name === "")
		return "channel: must be a string that is not empty.";
	if (name.length > longestName) {
		return `channel: a name has at most ${longestName} characters, got ${name.length}.`;
	}
	if (name.endsWith(ownMark)) return `channel: must not end with "${ownMark}" (U+241F).`;
	// A lone surrogate has no form in UTF-8: it would become another name.
	if (name.isWellFormed()) return undefined;
	return "channel: must be well-formed Unicode, without a lone surrogate.";
}

/** The longest URL apart from its channels, in characters: tokens, and the route's own part. */
const longestRest = 16_384;

/** The longest position in a cursor for several channels. */
const longestPosition = 24;

/** Names the rule that the URL breaks. Undefined: none. */
export function urlProblem(request: Request, limits: ChannelLimits): string | undefined {
	// One character of a name takes up to 9 of a URL.
	const longestUrl = longestRest + limits.channels * (longestName + 1) * 9;
	if (request.url.length <= longestUrl) return undefined;
	return `url: has at most ${longestUrl} characters, got ${request.url.length}.`;
}

/**
 * Names the rule that the client's cursor breaks. Undefined: none. The limit is four times the
 * longest id, and a position for each channel: no client ever got a longer one. Anything
 * shorter that makes no sense is a gap and not a refusal, because an EventSource gives up for
 * good on a 400. The same goes for bytes beyond ASCII, which our cursors never contain. Each
 * runtime decodes them in its own way.
 *
 * @param isUsed called only when the cursor is too long: without history a cursor has no
 *   meaning, so it may be anything.
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

/**
 * Whether a channel is on the list, if there is one. A `*` at the end of an entry matches any
 * rest.
 */
export function isAllowed(name: string, list: readonly string[] | undefined): boolean {
	return (
		list?.some((entry) =>
			entry.endsWith("*") ? name.startsWith(entry.slice(0, -1)) : name === entry,
		) ?? true
	);
}

/**
 * @param allowed the only channels, if they are limited.
 * @throws {TypeError} naming the rule, when code may not do that with the channel.
 */
export function checkChannel(
	channel: string,
	allowed: readonly string[] | undefined,
	what: "publish" | "forget" | "listen" | "read" | "disconnect",
): void {
	const problem = nameProblem(channel);
	if (problem !== undefined) throw new TypeError(`Cannot ${what}. ${problem}`);
	if (isAllowed(channel, allowed)) return;
	throw new TypeError(`Cannot ${what}. channel: is not one of channels.allowed.`);
}
