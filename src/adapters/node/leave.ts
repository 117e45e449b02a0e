import { type NodeSink, sinkOf } from "../../core/sinks/node-sink.ts";
import { freeSocket, SocketSink } from "./socket-sink.ts";

/**
 * For a sender that has written the response's head: sends what is already in the body, and
 * lets everything later bypass it. The body, and its web stream's memory per client, can then
 * be freed.
 *
 * @returns false, with nothing read, when something stands in between: the body was not made
 *   for this response, or the response is not Node's own.
 */
export async function leaveBody(body: ReadableStream, outgoing: object): Promise<boolean> {
	const sink = sinkOf(outgoing);
	// A body with a replaced `getReader` is read by that reader, so the body is not left.
	if (sink === undefined || sink.body !== body || Object.hasOwn(body, "getReader")) return false;
	return leave(sink);
}

async function leave(sink: NodeSink): Promise<boolean> {
	const { body, outgoing, owner } = sink;
	const socket = freeSocket(outgoing);
	if (socket === undefined) return false;
	const reader = body.getReader();
	// The head is sent together with the first bytes.
	let begun = false;
	while (sink.bufferedBytes > 0 && !outgoing.destroyed) {
		const { value } = await reader.read();
		if (value === undefined || outgoing.destroyed) continue;
		outgoing.write(value);
		begun = true;
	}
	if (!begun) outgoing.flushHeaders();
	sink.leaveTo(new SocketSink(outgoing, socket, owner));
	return true;
}
