import { frame } from "../core/message/frame.ts";

const encoder = /* @__PURE__ */ new TextEncoder();

/** A frame that tells a stream who is there, or who came and went. */
export function eventOf(data: object): Uint8Array {
	return encoder.encode(frame({ type: "sse.presence", data: JSON.stringify(data) }));
}
