import { frame } from "../core/message/frame.ts";

const encoder = /* @__PURE__ */ new TextEncoder();

/** A channel with more members than these sends its streams only their number. */
export const mostMembers = 200;

/** A frame that tells a stream who is there, or who came and went. */
export function eventOf(data: object): Uint8Array {
	return encoder.encode(frame({ type: "sse.presence", data: JSON.stringify(data) }));
}
