import { SseError } from "../../core/errors.ts";
import { leaveBody } from "./leave.ts";

/**
 * The part of Node's response that is used here, of HTTP/1 or of HTTP/2's compatibility API.
 * https://nodejs.org/api/http.html#class-httpserverresponse
 */
export interface NodeOutgoing {
	statusCode: number;
	readonly headersSent: boolean;
	readonly writableFinished: boolean;
	getHeader(name: string): number | string | string[] | undefined;
	setHeader(name: string, value: string | readonly string[]): unknown;
	writeHead(status: number): unknown;
	flushHeaders?(): void;
	write(bytes: Uint8Array): boolean;
	end(): unknown;
	destroy(error: Error): unknown;
	once(event: string, listener: () => void): unknown;
	off(event: string, listener: () => void): unknown;
}

/**
 * Writes a response out, as fast as the client takes it.
 *
 * @param method the request's method: the answer to HEAD has no body.
 */
export async function send(
	response: Response,
	outgoing: NodeOutgoing,
	method: string | undefined,
): Promise<void> {
	setHeaders(response.headers, outgoing);
	const { status, body } = response;
	if (body === null || method === "HEAD") {
		outgoing.statusCode = status;
		outgoing.end();
		await body?.cancel();
		return;
	}
	outgoing.writeHead(status);
	if (await leaveBody(body, outgoing)) return;
	const reader = body.getReader();
	const cancel = () => {
		// It fails only when the body is broken, and then the read below has failed, too.
		reader.cancel().catch(() => undefined);
	};
	outgoing.once("close", cancel);
	// The head goes out at once: the body may begin much later.
	outgoing.flushHeaders?.();
	for (;;) {
		const { done, value } = await reader.read();
		if (done) break;
		// A wrapper that returns nothing asks for no pause.
		if (outgoing.write(value) !== false) continue;
		// If the client leaves instead, this promise is freed together with the response.
		await new Promise<void>((drained) => outgoing.once("drain", drained));
	}
	outgoing.off("close", cancel);
	outgoing.end();
}

/** Reports an error. The client gets a 500 without detail. */
export function fail(outgoing: NodeOutgoing, error: unknown): void {
	// `onError` has already been told about a disconnected client.
	const known = error instanceof SseError && error.code === "slow_consumer";
	if (!known) console.error("edge-sse:", error);
	// A response that has begun can only be broken. Without an error, HTTP/2's client would take it
	// for complete.
	if (outgoing.headersSent) outgoing.destroy(new Error("Broken off.", { cause: error }));
	else {
		outgoing.statusCode = 500;
		outgoing.end();
	}
}

/**
 * These may occur several times, so what middleware has set stays. Any other header is the
 * response's own.
 */
const lists = new Set(["set-cookie", "vary"]);

function setHeaders(headers: Headers, outgoing: NodeOutgoing): void {
	for (const [name, value] of headers) {
		const before = lists.has(name) ? outgoing.getHeader(name) : undefined;
		outgoing.setHeader(
			name,
			before === undefined ? value : [...[before].flat().map(String), value],
		);
	}
}
