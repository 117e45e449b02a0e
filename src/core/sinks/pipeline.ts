import type { NodeResponse, NodeSocket } from "./node-response.ts";
import { isStreaming } from "./node-sink.ts";

/**
 * Requests that may wait on one connection where an event stream is among those that they wait for. Nobody has a use
 * for more: a stream ends when it likes. Node reads 64 kB at once, which can be 1,900 requests.
 */
const mostWaiting = 8;

/** What waits on one connection: pipelined requests are read at once, and answered one after the other. */
class Pipeline {
	readonly #socket: NodeSocket;
	readonly #waiting = new Set<NodeResponse>();
	/** Those among them that are event streams, and begin when their turn comes. */
	readonly #streams = new Map<NodeResponse, (isTurn: boolean) => void>();

	constructor(socket: NodeSocket) {
		this.#socket = socket;
		// One listener for all: Node warns of the eleventh, and tells no response that waits (on Node 20).
		socket.once("close", () => {
			for (const answer of this.#streams.values()) answer(false);
			this.#streams.clear();
			this.#waiting.clear();
		});
	}

	add(outgoing: NodeResponse): void {
		if (this.#waiting.has(outgoing)) return;
		this.#waiting.add(outgoing);
		outgoing.once("socket", () => {
			this.#waiting.delete(outgoing);
			this.#streams.get(outgoing)?.(true);
			this.#streams.delete(outgoing);
		});
		this.limit();
	}

	turn(outgoing: NodeResponse): Promise<boolean> {
		if (this.#socket.destroyed) return Promise.resolve(false);
		const turn = new Promise<boolean>((answer) => this.#streams.set(outgoing, answer));
		this.add(outgoing);
		this.limit();
		return turn;
	}

	/** Closes the connection when too many wait for a stream. */
	limit(): void {
		if (this.#waiting.size <= mostWaiting) return;
		if (this.#streams.size > 0 || isStreaming(this.#socket)) this.#socket.destroy();
	}
}

const pipelines = new WeakMap<NodeSocket, Pipeline>();

/** The pipeline that a response waits in; undefined when its turn has come, or is over. */
function pipelineOf(outgoing: NodeResponse): Pipeline | undefined {
	const socket = outgoing.req?.socket;
	if (outgoing.socket !== null || outgoing.writableEnded || !socket) return undefined;
	let pipeline = pipelines.get(socket);
	if (pipeline === undefined) {
		pipeline = new Pipeline(socket);
		pipelines.set(socket, pipeline);
	}
	return pipeline;
}

/**
 * Waits until a stream may be answered on its connection, so that it takes nothing before: no place, no subscription.
 *
 * @returns undefined when that is now; false when the connection is gone, and true when the turn has come.
 */
export function turnOf(outgoing: NodeResponse): Promise<boolean> | undefined {
	return pipelineOf(outgoing)?.turn(outgoing);
}

/**
 * Counts a request of any kind among those that wait on its connection, where it does.
 *
 * @returns false when it need not be answered: its connection is closed.
 */
export function countWaiting(outgoing: NodeResponse): boolean {
	pipelineOf(outgoing)?.add(outgoing);
	return outgoing.req?.socket?.destroyed !== true;
}

/** A stream begins on this socket: too many may be waiting for its end already. */
export function limitWaiting(socket: NodeSocket): void {
	pipelines.get(socket)?.limit();
}
