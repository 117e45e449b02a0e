/**
 * Hubs of hubs: a connector whose broker is another hub's, and what that hub answers with.
 *
 * ```ts
 * import { ServerSentEvents } from "edge-sse";
 * import { relay } from "edge-sse/relay";
 *
 * const connector = relay("https://events.example.com", { token, history: true });
 * const sse = new ServerSentEvents({ connector });
 * ```
 *
 * @module
 */
import type { Connector } from "./core/connector.ts";
import { checkNames } from "./core/known-names.ts";
import { RelayConnector } from "./relay/connector.ts";
import type { RelayOptions } from "./relay/options.ts";

export { type RelayHandler, type RelayHandlerOptions, relayHandler } from "./relay/handler.ts";
export type { RelayOptions } from "./relay/options.ts";

/**
 * A connector whose upstream is another hub of edge-sse, so that a broker is needed at the root only. The history, the
 * order of messages and runs are the root's.
 *
 * @param url the address of the hub above, without `/relay`.
 * @example
 * ```ts
 * import { ServerSentEvents } from "edge-sse";
 * import { relay } from "edge-sse/relay";
 *
 * const sse = new ServerSentEvents({
 * 	connector: relay("https://events.example.com", { token, history: true }),
 * });
 * ```
 *
 * @throws {TypeError} when an option is unknown, or has no such value.
 * @throws {ConfigurationError} when URL or token allow no request.
 */
export function relay(url: string, options: RelayOptions): Connector {
	checkNames("relay(): ", options, ["token", "history", "timeout", "scope"]);
	const { history, timeout } = options;
	if (history !== undefined && typeof history !== "boolean") {
		throw new TypeError("relay(): history: must be true or false: what is kept is the root's.");
	}
	if (timeout !== undefined && !(timeout > 0)) {
		throw new TypeError("relay(): timeout: must be a number of milliseconds above 0.");
	}
	return new RelayConnector(url, options);
}
