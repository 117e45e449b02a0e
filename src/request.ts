/** What a stream request asks for: method and channels. */

/** flask-sse's own default, when a request or a publish names no channel. */
export const defaultChannel = "sse";

export interface ChannelLimits {
	/** Channels on one connection. */
	maxChannels: number;
	/** UTF-16 code units in one channel's name. */
	maxChannelLength: number;
}

/** The channels of `?channel=a&channel=b`, each once, in the order of the URL; none: `sse`. */
export function requestedChannels(request: Request): string[] {
	const names = new URL(request.url).searchParams.getAll("channel").filter((name) => name !== "");
	return names.length === 0 ? [defaultChannel] : [...new Set(names)];
}

/**
 * Where the client left off: the header that an EventSource sends when it comes back, else the query, for
 * clients that can set no header. Undefined when it says nothing.
 */
export function requestedCursor(request: Request): string | undefined {
	const { searchParams } = new URL(request.url);
	return request.headers.get("last-event-id") || searchParams.get("lastEventId") || undefined;
}

/** What is wrong with these channels, in words that name the rule; undefined when nothing is. */
export function channelProblem(
	names: readonly unknown[],
	limits: ChannelLimits,
): string | undefined {
	if (names.length === 0) return "channel: at least one is needed.";
	if (names.length > limits.maxChannels) {
		return `channel: at most ${limits.maxChannels} on one connection, got ${names.length}.`;
	}
	for (const name of names) {
		if (typeof name !== "string" || name === "")
			return "channel: must be a string that is not empty.";
		if (name.length > limits.maxChannelLength) {
			return `channel: a name has at most ${limits.maxChannelLength} characters, got ${name.length}.`;
		}
	}
	return undefined;
}
