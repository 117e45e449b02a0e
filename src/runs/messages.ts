import { encode } from "../core/message/encode.ts";
import type { Message } from "../core/message/message.ts";
import type { RunEndState } from "../core/run-store.ts";

/**
 * The messages of a run's channel. A chunk has no type. A message with a type only asks readers to look at the store:
 * anybody with access to the broker can send one.
 */
const endType = "run.end";
const cancelType = "run.cancel";
const goneType = "run.gone";

export type MessageKind = "chunk" | "end" | "cancel" | "gone" | "gap" | "other";

export const chunkPayload = (data: unknown): string => payload(data);
export const endPayload = (state: RunEndState): string => payload({ state }, endType);
export const cancelPayload = (): string => payload(null, cancelType);
export const gonePayload = (): string => payload(null, goneType);

function payload(data: unknown, type?: string): string {
	return encode({ data, type, id: undefined, retry: undefined });
}

/** Chunks and ends count only with an id from the store. */
export function kindOf({ type, id }: Message): MessageKind {
	if (type === "sse.gap") return "gap";
	if (type === cancelType) return "cancel";
	if (type === goneType) return "gone";
	if (id === undefined) return "other";
	if (type === undefined) return "chunk";
	return type === endType ? "end" : "other";
}
