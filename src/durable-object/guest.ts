import type { ObjectSocket } from "cloudflare:workers";
import { guestParameter } from "./protocol.ts";

/** What a Worker says of a stream: whose it is, and what it is told. */
export interface Guest {
	/** Absent: nobody's. */
	readonly id?: string;
	readonly data?: unknown;
	/** How long the member stays after its last stream, in ms. */
	readonly grace: number;
	/** Whether its stream gets the events of joins and leaves. */
	readonly sees: boolean;
}

export function queriedGuest(query: URLSearchParams): Guest | undefined {
	const text = query.get(guestParameter);
	return text === null ? undefined : JSON.parse(text);
}

const encoder = /* @__PURE__ */ new TextEncoder();
const decoder = /* @__PURE__ */ new TextDecoder();

/**
 * A guest, for the attachment of a socket. An attachment has at most 2 kB. As UTF-8 the longest id fits beside the
 * largest data. A string would take two bytes per character.
 */
export function attached(guest: Guest): Uint8Array {
	return encoder.encode(JSON.stringify(guest));
}

/** Undefined: the socket's stream is of no member, and sees none. */
export function guestIn(socket: ObjectSocket): Guest | undefined {
	const { guest } = socket.deserializeAttachment() as { guest?: Uint8Array };
	return guest && JSON.parse(decoder.decode(guest));
}
