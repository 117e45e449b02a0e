import { isNodeResponse, type NodeResponse, type NodeSocket } from "./node-response.ts";
import { NodeSink } from "./node-sink.ts";
import { limitWaiting, turnOf } from "./pipeline.ts";
import { BodySink, type Sink, type SinkOwner, type StreamSink } from "./sink.ts";

/**
 * What hosts pass to a fetch handler besides the request: Bun its server, Deno the connection's
 * info, Workers and Hono their env. All of it is optional, and recognised only by its shape.
 */
interface HostHints {
	/** Bun's server: https://bun.com/docs/api/http#idletimeout */
	timeout?: (request: Request, seconds: number) => void;
	/** Deno's info: settles when the response has been sent, or when its connection is gone. */
	completed?: Promise<unknown>;
	/** Node's response, from `@hono/node-server` and `edge-sse/node`. */
	outgoing?: unknown;
	/** Sends streams by Node's response, with no body in between. Only the hub's sender does. */
	begin?: BeginStream;
}

/** Sends the head of a stream's response. @returns what writes the rest. */
export type BeginStream = (
	outgoing: NodeResponse,
	socket: NodeSocket,
	headers: Record<string, string>,
	owner: SinkOwner,
) => Sink;

/** srvx shows Node's response on the request: https://srvx.h3.dev/guide/handler */
interface SrvxRequest {
	runtime?: { node?: { res?: unknown } };
}

/**
 * How long a client may leave the rest of an ended stream unread, in s. Some hosts allow no
 * such limit.
 */
const patience = 10;

function hints(host: unknown): HostHints {
	return typeof host === "object" && host !== null ? host : {};
}

/**
 * Waits until a request may be answered. Node reads pipelined requests at once, and a request
 * that waits for the end of a stream must cost nothing until then.
 *
 * @returns undefined: now. Otherwise a promise of whether the client is still there.
 */
export function turnOn(request: Request, host: unknown): Promise<boolean> | undefined {
	const outgoing = nodeResponse(request, host);
	return outgoing && turnOf(outgoing);
}

/**
 * Makes the sink of a stream. On Node the sender of its body can leave the body and write to the
 * socket, or has never made one.
 *
 * @param headers of the response. A sender that begins a stream writes them.
 */
export function sinkFor(
	request: Request,
	host: unknown,
	headers: Record<string, string>,
): (owner: SinkOwner) => Sink & Partial<Pick<StreamSink, "body">> {
	const outgoing = nodeResponse(request, host);
	const socket = outgoing?.socket;
	if (outgoing === undefined || !socket) return (owner) => new BodySink(owner);
	const { begin } = hints(host);
	return (owner) => {
		const sink = begin?.(outgoing, socket, headers, owner) ?? new NodeSink(outgoing, socket, owner);
		limitWaiting(socket);
		return sink;
	};
}

function nodeResponse(request: Request, host: unknown): NodeResponse | undefined {
	const outgoing = hints(host).outgoing ?? (request as SrvxRequest).runtime?.node?.res;
	return isNodeResponse(outgoing) ? outgoing : undefined;
}

/** Bun ends a response after 10 s without bytes, unless its server is told not to. */
export function liftIdleTimeout(request: Request, host: unknown): void {
	const server = hints(host);
	if (typeof server.timeout === "function") server.timeout(request, 0);
}

/**
 * Tells a connection that its client has left: by the request's signal, or by Deno's
 * `completed`. Deno warns when a served request's signal is read at all.
 */
export function listenForDeparture(request: Request, host: unknown, client: Departing): void {
	const { completed, begin } = hints(host);
	const outgoing = begin && nodeResponse(request, host);
	if (completed instanceof Promise) {
		const gone = () => client.onLeft();
		completed.then(gone, gone);
	} else if (outgoing !== undefined) {
		// Then the signal tells nothing else, and would be made for this alone.
		if (outgoing.destroyed) client.onLeft();
		else outgoing.once("close", () => client.onLeft());
	} else if (request.signal.aborted) client.onLeft();
	else request.signal.addEventListener("abort", client);
}

/**
 * The stream is over. Stops listening, and has the host close the connection if the client
 * reads no further. Otherwise the client would hold a socket as long as its TCP lives, and
 * nothing would count it.
 */
export function stopListening(request: Request, host: unknown, client: Departing): void {
	const { completed, begin } = hints(host);
	if (completed instanceof Promise) return;
	const outgoing = begin && nodeResponse(request, host);
	if (outgoing !== undefined) {
		if (!outgoing.destroyed) limitPatience(request, host);
		return;
	}
	const { signal } = request;
	signal.removeEventListener("abort", client);
	if (!signal.aborted) limitPatience(request, host);
}

interface Departing extends EventListenerObject {
	onLeft(): void;
}

function limitPatience(request: Request, host: unknown): void {
	const server = hints(host);
	if (typeof server.timeout === "function") server.timeout(request, patience);
	const outgoing = nodeResponse(request, host);
	if (outgoing !== undefined && !outgoing.writableFinished)
		limitSilence(outgoing, patience * 1_000);
}

/** Closes a connection on which nothing moves while the rest of a response is sent. */
function limitSilence(outgoing: NodeResponse, ms: number): void {
	const { socket } = outgoing;
	if (!socket?.setTimeout) return;
	const before = socket.timeout ?? 0;
	socket.setTimeout(ms);
	// The limit ends with this response. Prepended, because Node's own listener may set a timeout,
	// which must come later.
	outgoing.prependOnceListener("finish", () => socket.setTimeout?.(before));
}
