/** What a client loads when an EventSource is not enough. It imports nothing that the client has loaded. */
import type { Source, SourceOptions } from "../source.ts";
import { FetchSource, isForeign } from "./fetch-source.ts";

/**
 * @param address the URL as it was given.
 * @param target the same, absolute, with what the client adds for our own servers.
 */
export function openFetch(
	address: string | URL,
	target: URL,
	options: SourceOptions,
	cursor: string | undefined,
): Source {
	const url = isForeign(options) ? new URL(address, target) : target;
	return new FetchSource(url.href, options, cursor ?? "");
}

export { openChannels } from "./channels.ts";
