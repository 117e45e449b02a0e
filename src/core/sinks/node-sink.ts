import { atEndOfTurn } from "../scheduling.ts";
import {
	chunked,
	freeSocket,
	type NodeResponse,
	type NodeSocket,
	SocketSink,
} from "./node-socket.ts";
import { BodySink, type SinkOwner } from "./sink.ts";

/** Where somebody stands in between, no more chunks than these are watched. */
const trials = 8;

const sinks = new WeakMap<object, NodeSink>();

/** The sink that was made for one of Node's responses, and can be asked to leave its body. */
export function sinkOf(outgoing: object): NodeSink | undefined {
	return sinks.get(outgoing);
}

/**
 * A body that is left for Node's socket: at once where a sender of ours asks for it, else as soon as it is sure that
 * nothing is lost by it.
 *
 * It begins as any stream, for middleware may still set headers, replace the body or read it. That nobody stands
 * in between is seen, not assumed: of a body whose reader was taken by `getReader` (a pipe, a tee or an
 * iteration takes it otherwise), a chunk is on the socket, as one chunk and to the byte, as soon as the
 * reader's own reaction has run; whoever passes it on to another stream comes a microtask later at the
 * earliest. From then on the host sees a body that is silent, hears of the client's leaving, and
 * writes the end.
 */
export class NodeSink extends BodySink {
	readonly outgoing: NodeResponse;
	/** How often a chunk may still fail to show that the reader is the host; 0 until there is one. */
	trials = 0;
	/** The chunk that is to show whether the reader is the host. */
	#trial: Uint8Array | undefined;

	constructor(outgoing: NodeResponse, owner: SinkOwner) {
		super(owner);
		this.outgoing = outgoing;
		const getReader: (options?: object) => unknown = this.body.getReader;
		const taken = (options?: object) => {
			const reader = getReader.call(this.body, options);
			this.trials = trials;
			return reader;
		};
		this.body.getReader = taken as typeof this.body.getReader;
		sinks.set(outgoing, this);
	}

	override write(bytes: Uint8Array): void {
		// While a response waits for its turn on the connection, Node 20 tells nobody that the client has left.
		if (this.outgoing.req?.socket?.destroyed) throw new Error("The connection is gone.");
		const socket = this.trials > 0 ? freeSocket(this.outgoing) : undefined;
		// It shows nothing while others are under way.
		const alone = this.bufferedBytes === 0 && this.#trial === undefined;
		this.#trial = undefined;
		if (socket !== undefined && alone) this.#try(socket, bytes);
		else super.write(bytes);
	}

	#try(socket: NodeSocket, bytes: Uint8Array): void {
		this.#trial = bytes;
		const expected = socket.bytesWritten + chunked(bytes).length;
		super.write(bytes);
		// Else another has followed, or the host waits for the client and has not read it: it shows nothing.
		const alone = () => this.#trial === bytes && this.bufferedBytes === 0;
		const passed = () => socket.bytesWritten === expected;
		queueMicrotask(() => {
			if (!alone()) return;
			if (!passed()) this.trials--;
			// It may have been an older one of the same length: then this one has come after it by then.
			else atEndOfTurn(() => alone() && passed() && this.#leaveTo(socket));
		});
	}

	#leaveTo(socket: NodeSocket): void {
		this.#trial = undefined;
		this.owner.use(new SocketSink(this.outgoing, socket, this));
	}
}
