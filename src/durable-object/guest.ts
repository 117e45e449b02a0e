import type { ObjectSocket } from "cloudflare:workers";
import { guestParameter } from "./protocol.ts";

/** The member that a Worker names for a stream, and whether it is told of members. */
export interface Guest {
	/** Absent: the stream belongs to no member. */
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
 * Encodes a guest for the attachment of a socket. An attachment holds at most 2 kB. In UTF-8 the longest id and the
 * largest data fit together. A string takes two bytes per character.
 */
export function attached(guest: Guest): Uint8Array {
	return encoder.encode(JSON.stringify(guest));
}

/** Undefined: the socket's stream belongs to no member, and is not told of members. */
export function guestIn(socket: ObjectSocket): Guest | undefined {
	const { guest } = socket.deserializeAttachment() as { guest?: Uint8Array };
	return guest && JSON.parse(decoder.decode(guest));
}
