import type { NodeResponse, NodeSocket } from "./node-response.ts";
import { isStreaming } from "./node-sink.ts";

/**
 * The most requests that may wait on one connection behind an event stream. More are useless:
 * the stream may never end. Node reads 64 kB at once, which can be 1,900 requests.
 */
const mostWaiting = 8;

/**
 * The requests that wait on one connection. Node reads pipelined requests at once and answers
 * them one by one.
 */
class Pipeline {
	readonly #socket: NodeSocket;
	readonly #waiting = new Set<NodeResponse>();
	/** Event streams among them. They begin when their turn comes. */
	readonly #streams = new Map<NodeResponse, (isTurn: boolean) => void>();

	constructor(socket: NodeSocket) {
		this.#socket = socket;
		// One listener for all: Node warns about the eleventh, and Node 20 tells no waiting response.
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

	/** Closes the connection when too many requests wait for a stream. */
	limit(): void {
		if (this.#waiting.size <= mostWaiting) return;
		if (this.#streams.size > 0 || isStreaming(this.#socket)) this.#socket.destroy();
	}
}

const pipelines = new WeakMap<NodeSocket, Pipeline>();

/** The pipeline in which a response waits. Undefined when its turn has come, or is over. */
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
 * Waits until a stream may be answered on its connection. Before that it takes no slot and no
 * subscription.
 *
 * @returns undefined: now. Otherwise true when its turn has come, false when the connection is
 *   gone.
 */
export function turnOf(outgoing: NodeResponse): Promise<boolean> | undefined {
	return pipelineOf(outgoing)?.turn(outgoing);
}

/**
 * Counts a request of any kind among those that wait on its connection, if it has to wait.
 *
 * @returns false when its connection is closed, so that it needs no answer.
 */
export function countWaiting(outgoing: NodeResponse): boolean {
	pipelineOf(outgoing)?.add(outgoing);
	return outgoing.req?.socket?.destroyed !== true;
}

/** A stream begins on this socket, where too many requests may wait already. */
export function limitWaiting(socket: NodeSocket): void {
	pipelines.get(socket)?.limit();
}
