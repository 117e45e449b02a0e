import type { ObjectSocket } from "cloudflare:workers";

/** What Workers have beside the Web's own globals. */
interface WorkersGlobals {
	readonly WebSocketPair: new () => { 0: unknown; 1: ObjectSocket };
	readonly WebSocketRequestResponsePair: new (request: string, response: string) => unknown;
}

const workers = globalThis as unknown as WorkersGlobals;

/** Both ends of a new WebSocket, the Worker's as the answer that carries it. */
export function socketPair(headers: Record<string, string> = {}): {
	answer: Response;
	socket: ObjectSocket;
} {
	const { 0: far, 1: socket } = new workers.WebSocketPair();
	const init = { status: 101, webSocket: far, headers };
	return { answer: new Response(null, init), socket };
}

export function autoResponse(request: string, response: string): unknown {
	return new workers.WebSocketRequestResponsePair(request, response);
}
