import type { NodeResponse, NodeSocket } from "./node-response.ts";
import { BodySink, type Sink, type SinkOwner } from "./sink.ts";

/** The stream that was last begun on each of Node's sockets. */
const streams = new WeakMap<NodeSocket, { readonly outgoing: NodeResponse }>();

/**
 * A body made for one of Node's responses. Whoever sends it may leave it for another way out, and does so only when
 * the response that he is to send has this very body: then nobody stands in between.
 */
export class NodeSink extends BodySink {
	readonly outgoing: NodeResponse;
	readonly #socket: NodeSocket;

	/** @param socket of the response, whose turn on the connection has come. */
	constructor(outgoing: NodeResponse, socket: NodeSocket, owner: SinkOwner) {
		super(owner);
		this.outgoing = outgoing;
		this.#socket = socket;
		streams.set(socket, this);
	}

	override write(bytes: Uint8Array): void {
		// Hosts may read the body on for a while, and tell nobody that the client has left.
		if (this.#socket.destroyed) throw new Error("The connection is gone.");
		super.write(bytes);
	}

	/** From now on bytes leave by another sink, and this one and its body can be forgotten. */
	leaveTo(next: Sink & { readonly outgoing: NodeResponse }): void {
		streams.set(this.#socket, next);
		this.owner.use(next);
	}
}

/** The sink that was made for one of Node's responses, and whose body has not been left yet. */
export function sinkOf(outgoing: object): NodeSink | undefined {
	const { socket } = outgoing as Partial<NodeResponse>;
	const stream = socket ? streams.get(socket) : undefined;
	return stream instanceof NodeSink && stream.outgoing === outgoing ? stream : undefined;
}

/** Whether an event stream is being sent on this socket, after which all else on it waits. */
export function isStreaming(socket: NodeSocket): boolean {
	const stream = streams.get(socket);
	return stream !== undefined && !stream.outgoing.writableEnded;
}
