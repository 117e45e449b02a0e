import type { ServerSentEvents } from "../core/sse.ts";
import { type RelayHandler, relayHandler } from "../relay.ts";
import { carriesToken } from "./access.ts";
import { logError } from "./log.ts";

/** Lets whoever has the token relay the hub. Undefined: nobody may. */
export function hubRelays(
	sse: ServerSentEvents,
	token: string | undefined,
): RelayHandler | undefined {
	if (token === undefined) return undefined;
	return relayHandler(() => sse.connector, {
		authorize: ({ headers }) => carriesToken(headers.get("authorization"), token),
		onError: logError,
	});
}
