/**
 * Compresses event streams, once for all clients of a channel. For Node, Bun and Deno.
 *
 * ```ts
 * import { ServerSentEvents } from "edge-sse";
 * import { gzip } from "edge-sse/compress";
 * import { redis } from "edge-sse/redis";
 *
 * const sse = new ServerSentEvents({
 * 	connector: redis("redis://localhost:6379"),
 * 	compress: gzip(),
 * });
 * ```
 *
 * @module
 */

import { GzipClient, LastOwn } from "./compress/client.ts";
import { hasDictionaries } from "./compress/deflate.ts";
import { GzipFeed } from "./compress/feed.ts";
import { Windows } from "./compress/windows.ts";
import type { Connector } from "./core/connector.ts";
import type { Compression } from "./core/delivery/compression.ts";
import { ConfigurationError } from "./core/errors.ts";
import { checkNames } from "./core/known-names.ts";
import { checkedNumber } from "./core/limits.ts";
import { acceptsCoding } from "./core/request/accept.ts";

export type { Compression } from "./core/delivery/compression.ts";

/** The options of `gzip()`. */
export interface GzipOptions {
	/**
	 * What the last bytes of all feeds may take together, in bytes. A feed is a list of channels that somebody streams; one
	 * with 32 compressed streams or more takes 32,768. Where that is too much, the chunks of the feed that was silent for
	 * longest are compressed each by itself for a while.
	 *
	 * @defaultValue `16_777_216`
	 */
	memory?: number | undefined;
}

/**
 * Compresses streams by gzip, for clients whose `Accept-Encoding` takes it. What all clients of a channel get is
 * compressed once, when they are 32 or more. What one client gets alone is sent as it is, in the form of gzip.
 *
 * Compressed lengths tell what is in a stream, even through TLS: who can publish to a channel and see the size of
 * another's traffic can guess what else is on it (BREACH, https://www.breachattack.com). Leave it off for channels that
 * carry a secret beside text that others choose.
 *
 * @example
 * ```ts
 * import { gzip } from "edge-sse/compress";
 *
 * const sse = new ServerSentEvents({ connector, compress: gzip() });
 * ```
 *
 * @throws {TypeError} when an option is unknown, or out of its range.
 * @throws {ConfigurationError} on Cloudflare Workers, whose runtime would compress the streams once more.
 * @see https://www.rfc-editor.org/rfc/rfc1952
 */
export function gzip(options: GzipOptions = {}): Compression {
	checkNames("gzip(): ", options, ["memory"], [["There is one level, 6.", "level"]]);
	const memory = checkedNumber("gzip(): memory", options.memory, 16_777_216, 0);
	if (globalThis.navigator?.userAgent === "Cloudflare-Workers") {
		throw new ConfigurationError(
			"gzip(): not on Cloudflare Workers. A Worker's streams stand alone, and Cloudflare compresses by itself. " +
				"Leave compress out.",
		);
	}
	const windows = hasDictionaries() ? new Windows(memory) : undefined;
	const last = new LastOwn();
	return {
		check,
		coding: "gzip",
		accepts: (request) => acceptsCoding(request, "gzip"),
		client: () => new GzipClient(last),
		feed: () => new GzipFeed(windows),
	};
}

function check({ name, scope, stream }: Connector): void {
	if (scope === "process" && stream === undefined) return;
	throw new ConfigurationError(
		`compress: not with the connector ${name} here. Bytes are compressed once for many streams, and with it each ` +
			"stream stands alone. Leave compress out.",
	);
}
