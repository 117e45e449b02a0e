import type { ServerSentEvents } from "../../core/sse.ts";
import { behind, createDoor } from "../door.ts";
import type { Listen, Listening } from "../listen/runtime.ts";
import { hubRelays } from "../relays.ts";
import type { Upstream } from "./begin.ts";

/**
 * The parent's broker for its children. It listens on loopback: Node's `fetch` reaches no Unix socket. Whoever else
 * finds the port lacks the token, which no file, argument or variable has.
 */
export async function openBroker(
	sse: ServerSentEvents,
	listen: Listen,
): Promise<{ server: Listening; upstream: Upstream }> {
	const token = randomToken();
	const relays = hubRelays(sse, token);
	const answer = async (request: Request) =>
		(await relays?.fetch(request)) ?? new Response(null, { status: 404 });
	// A page whose name was pointed at this address is refused by its host.
	const door = createDoor([]);
	const settings = { host: "127.0.0.1", port: 0 };
	const server = await listen({ settings, door, fetch: behind(door, answer), inside: answer });
	const history = sse.connector.history !== undefined;
	return { server, upstream: { url: `http://127.0.0.1:${server.port}`, token, history } };
}

/** 256 random bits. */
function randomToken(): string {
	const bytes = crypto.getRandomValues(new Uint8Array(32));
	return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
