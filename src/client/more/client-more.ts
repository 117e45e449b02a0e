/** What a client loads when an EventSource is not enough. It imports nothing that the client has loaded. */
import type { Source, SourceOptions } from "../source.ts";
import { fetchSource, isForeign } from "./fetch-source.ts";
import { RequestSource } from "./request-source.ts";

/** How to ask for messages, for clients whose streams something in between holds back. */
const pollers = /* @__PURE__ */ new WeakMap<SourceOptions, typeof openStream>();

/**
 * @param address the URL as it was given.
 * @param target the same, absolute, with what the client adds for our own servers.
 * @param cursor where to begin. Undefined: with new events.
 */
export function open(
	address: string | URL,
	target: URL,
	options: SourceOptions,
	cursor: string | undefined,
): Source {
	const openNext = pollers.get(options) ?? openStream;
	return openNext(isForeign(options) ? new URL(address, target) : target, options, cursor);
}

function openStream(target: URL, options: SourceOptions, cursor: string | undefined): Source {
	if (options.custom || !globalThis.EventSource) return fetchSource(target, options, cursor);
	const url = new URL(target);
	if (cursor) url.searchParams.set("lastEventId", cursor);
	return new EventSource(url, options as EventSourceInit);
}

/**
 * Asks for messages, where streams are silent. A server that answers is one of ours, and its
 * streams are held back on the way.
 *
 * @param onAnswer the next source polls.
 */
export async function ask(
	target: URL,
	options: SourceOptions,
	cursor: string | undefined,
	onAnswer: () => void,
): Promise<void> {
	if (isForeign(options)) return;
	const { askWith } = await import("./poll.ts");
	askWith(RequestSource, pollers, openStream, target, options, cursor, onAnswer);
}

export { listen } from "./channels.ts";
