import { isNodeResponse, type NodeResponse } from "./node-response.ts";
import { NodeSink } from "./node-sink.ts";
import { limitWaiting, turnOf } from "./pipeline.ts";
import { BodySink, type SinkOwner, type StreamSink } from "./sink.ts";

/**
 * What hosts hand a fetch handler besides the request: Bun its server, Deno the connection's info,
 * Workers and Hono their env. All of it is optional, and recognised by its shape alone.
 */
interface HostHints {
	/** Bun's server: https://bun.com/docs/api/http#idletimeout */
	timeout?: (request: Request, seconds: number) => void;
	/** Deno's info: settles when the response has been sent, or its connection is gone. */
	completed?: Promise<unknown>;
	/** Node's response, of `@hono/node-server` and of `edge-sse/node`. */
	outgoing?: unknown;
}

/** srvx shows Node's response on the request: https://srvx.h3.dev/guide/handler */
interface SrvxRequest {
	runtime?: { node?: { res?: unknown } };
}

/** How long a client may leave unread what is left of a stream that is over, in s, where the host lets us say so. */
const patience = 10;

function hints(host: unknown): HostHints {
	return typeof host === "object" && host !== null ? host : {};
}

/**
 * Waits until a request may be answered. Node reads pipelined requests at once, and one that waits for the end of a
 * stream before it must cost nothing until then.
 *
 * @returns undefined when that is now; else what resolves to whether the client is still there.
 */
export function turnOn(request: Request, host: unknown): Promise<boolean> | undefined {
	const outgoing = nodeResponse(request, host);
	return outgoing && turnOf(outgoing);
}

/** The body that a stream leaves by. On Node it can be left for the socket by whoever sends it. */
export function sinkFor(request: Request, host: unknown): (owner: SinkOwner) => StreamSink {
	const outgoing = nodeResponse(request, host);
	const socket = outgoing?.socket;
	if (outgoing === undefined || !socket) return (owner) => new BodySink(owner);
	return (owner) => {
		const sink = new NodeSink(outgoing, socket, owner);
		limitWaiting(socket);
		return sink;
	};
}

function nodeResponse(request: Request, host: unknown): NodeResponse | undefined {
	const outgoing = hints(host).outgoing ?? (request as SrvxRequest).runtime?.node?.res;
	return isNodeResponse(outgoing) ? outgoing : undefined;
}

/** Bun cuts a response after 10 s without bytes, unless its server is asked not to. */
export function liftIdleTimeout(request: Request, host: unknown): void {
	const server = hints(host);
	if (typeof server.timeout === "function") server.timeout(request, 0);
}

/**
 * Tells a client's connection that it has left, by the request's signal, or by Deno's `completed` where there is
 * one (Deno warns about a served request's signal being read at all).
 */
export function listenForDeparture(request: Request, host: unknown, client: Departing): void {
	const { completed } = hints(host);
	if (completed instanceof Promise) {
		const gone = () => client.onDisconnect();
		completed.then(gone, gone);
	} else if (request.signal.aborted) client.onDisconnect();
	else request.signal.addEventListener("abort", client);
}

/**
 * The stream is over: listens no more, and has the host close the connection of a client that does not read on. It
 * would hold a socket for as long as its TCP is alive, and be counted by nobody.
 */
export function stopListening(request: Request, host: unknown, client: Departing): void {
	if (hints(host).completed instanceof Promise) return;
	const { signal } = request;
	signal.removeEventListener("abort", client);
	if (!signal.aborted) limitPatience(request, host);
}

interface Departing extends EventListenerObject {
	onDisconnect(): void;
}

function limitPatience(request: Request, host: unknown): void {
	const server = hints(host);
	if (typeof server.timeout === "function") server.timeout(request, patience);
	const outgoing = nodeResponse(request, host);
	if (outgoing !== undefined && !outgoing.writableFinished)
		limitSilence(outgoing, patience * 1_000);
}

/** Closes a connection on which nothing passes while the rest of a response is sent. */
function limitSilence(outgoing: NodeResponse, ms: number): void {
	const { socket } = outgoing;
	if (!socket?.setTimeout) return;
	const before = socket.timeout ?? 0;
	socket.setTimeout(ms);
	// The next response on this connection is no part of it. First, for Node then sets a time of its own where it has one.
	outgoing.prependOnceListener("finish", () => socket.setTimeout?.(before));
}
