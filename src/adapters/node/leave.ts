import { type NodeSink, sinkOf } from "../../core/sinks/node-sink.ts";
import { freeSocket, SocketSink } from "./socket-sink.ts";

/**
 * For whoever sends a body himself, and has written the response's head: sends what is in it, and has all that comes
 * later go past it. The body, and what a web stream takes for each client, are nobody's then.
 *
 * @returns false, and nothing is read, when somebody stands in between: it is another body than the one that was made
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
	// The head leaves with the first of it.
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
