/**
 * A hub that relays another hub: a connector for the hub below, and a handler of requests for the hub above.
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
 * A connector whose broker is another hub of edge-sse. So only the hub at the root needs a broker of its own. The root
 * keeps the history and the runs, and decides the order of messages.
 *
 * @param url the address of the hub above, without `/relay`.
 * @param options the token of the hub above, and what it keeps.
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
 * @throws {TypeError} when an option is unknown, or has a value that it cannot have.
 * @throws {ConfigurationError} when the URL is not that of a hub, or no header can carry the token.
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
