import { type NodeSink, sinkOf } from "../../core/sinks/node-sink.ts";
import { freeSocket, SocketSink } from "../../core/sinks/node-socket.ts";

/**
 * For who sends a body himself, and has written the response's head: sends what is in it, and has all that comes later
 * go past it. The body, and what a web stream takes for each client, are nobody's then.
 *
 * @returns false, and nothing is read, when it is no event stream made for this response, or one that somebody
 *   stands before: another body, a response that does not let go of its socket.
 */
export async function leaveBody(body: ReadableStream, outgoing: object): Promise<boolean> {
	const sink = sinkOf(outgoing);
	return sink !== undefined && sink.body === body && leave(sink);
}

async function leave(sink: NodeSink): Promise<boolean> {
	const { body, outgoing, owner } = sink;
	const socket = freeSocket(outgoing);
	if (socket === undefined) return false;
	const reader = body.getReader();
	// It is known who reads: a chunk written meanwhile is no trial of that, whose sink would take the place of ours.
	sink.trials = 0;
	// The head leaves with the first of it.
	let begun = false;
	while (sink.bufferedBytes > 0 && !outgoing.destroyed) {
		const { value } = await reader.read();
		if (value === undefined || outgoing.destroyed) continue;
		outgoing.write(value);
		begun = true;
	}
	if (!begun) outgoing.flushHeaders();
	owner.use(new SocketSink(outgoing, socket));
	return true;
}
