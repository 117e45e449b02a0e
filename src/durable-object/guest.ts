import type { ObjectSocket } from "cloudflare:workers";
import { guestParameter } from "./protocol.ts";

/** What a Worker says of a stream: whose it is, and what it is told. */
export interface Guest {
	/** Absent: nobody's. */
	readonly id?: string;
	readonly data?: unknown;
	/** How long the member stays after its last stream, in ms. */
	readonly grace: number;
	/** Whether it is told who comes and goes. */
	readonly sees: boolean;
}

export function queriedGuest(query: URLSearchParams): Guest | undefined {
	const text = query.get(guestParameter);
	return text === null ? undefined : JSON.parse(text);
}

const encoder = /* @__PURE__ */ new TextEncoder();
const decoder = /* @__PURE__ */ new TextDecoder();

/**
 * A guest as it is kept in the attachment of a socket: as UTF-8, of which an attachment of 2 kB holds the longest id
 * with the largest data. A text would take two bytes for each character.
 */
export function attached(guest: Guest): Uint8Array {
	return encoder.encode(JSON.stringify(guest));
}

/** Undefined: the socket's stream is of no member, and sees none. */
export function guestIn(socket: ObjectSocket): Guest | undefined {
	const { guest } = socket.deserializeAttachment() as { guest?: Uint8Array };
	return guest && JSON.parse(decoder.decode(guest));
}
