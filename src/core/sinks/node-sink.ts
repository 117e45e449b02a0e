import type { Content } from "./content.ts";
import type { NodeResponse, NodeSocket } from "./node-response.ts";
import { BodySink, type Sink, type SinkOwner } from "./sink.ts";

/** The key of a socket's latest stream. */
const streamKey = /* @__PURE__ */ Symbol("edge-sse stream");

type Marked = NodeSocket & { [streamKey]?: { readonly outgoing: NodeResponse } };

/** Says that an event stream is sent on this socket. */
export function markStream(socket: NodeSocket, stream: { readonly outgoing: NodeResponse }): void {
	(socket as Marked)[streamKey] = stream;
}

/**
 * A body made for one of Node's responses. Its sender may leave it and write elsewhere, but
 * only for the response that has this very body: then nothing stands in between.
 */
export class NodeSink extends BodySink {
	readonly outgoing: NodeResponse;
	readonly #socket: NodeSocket;

	/** @param socket the response's socket. Its turn on the connection has come. */
	constructor(outgoing: NodeResponse, socket: NodeSocket, owner: SinkOwner) {
		super(owner);
		this.outgoing = outgoing;
		this.#socket = socket;
		markStream(socket, this);
	}

	override write(content: Content): number {
		// Some hosts go on reading the body for a while, and report no departure.
		if (this.#socket.destroyed) throw new Error("The connection is gone.");
		return super.write(content);
	}

	/** Bytes now leave by another sink. This one and its body can be freed. */
	leaveTo(next: Sink & { readonly outgoing: NodeResponse }): void {
		markStream(this.#socket, next);
		this.owner.use(next);
	}
}

/** The sink of one of Node's responses, unless its body was left already. */
export function sinkOf(outgoing: object): NodeSink | undefined {
	const stream = (outgoing as { socket?: Marked | null }).socket?.[streamKey];
	return stream instanceof NodeSink && stream.outgoing === outgoing ? stream : undefined;
}

/** Whether an event stream is being sent on this socket. Everything else on it waits. */
export function isStreaming(socket: NodeSocket): boolean {
	const stream = (socket as Marked)[streamKey];
	return stream !== undefined && !stream.outgoing.writableEnded;
}
