import type { ServerSentEvents } from "../../core/sse.ts";
import type { Listen, Listening } from "../listen/runtime.ts";
import { hubRelays } from "../relays.ts";
import { createRequestFilter, filtered } from "../request-filter.ts";
import type { BrokerAddress } from "./begin.ts";

/**
 * Serves the parent's broker to its children. It listens on loopback, because Node's `fetch` reaches no Unix socket. Other
 * programs that find the port do not have the token: no file, argument or variable holds it.
 */
export async function openBroker(
	sse: ServerSentEvents,
	listen: Listen,
): Promise<{ server: Listening; address: BrokerAddress }> {
	const token = randomToken();
	const relays = hubRelays(sse, token);
	const answer = async (request: Request) =>
		(await relays?.fetch(request)) ?? new Response(null, { status: 404 });
	// The filter refuses pages whose host name was made to resolve to this address.
	const requestFilter = createRequestFilter([]);
	const settings = { host: "127.0.0.1", port: 0 };
	const server = await listen({
		settings,
		requestFilter,
		fetch: filtered(requestFilter, answer),
		unfilteredFetch: answer,
	});
	const history = sse.connector.history !== undefined;
	return { server, address: { url: `http://127.0.0.1:${server.port}`, token, history } };
}

/** A token of 256 random bits. */
function randomToken(): string {
	const bytes = crypto.getRandomValues(new Uint8Array(32));
	return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
