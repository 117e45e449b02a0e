import { frame } from "../core/message/frame.ts";

const encoder = /* @__PURE__ */ new TextEncoder();

/** A frame with all members, or with joins and leaves. */
export function eventOf(data: object): Uint8Array {
	return encoder.encode(frame({ type: "sse.presence", data: JSON.stringify(data) }));
}
