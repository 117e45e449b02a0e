import { SseError } from "../../core/errors.ts";
import { leaveBody } from "./leave.ts";

/**
 * As much as is used here of Node's response, of HTTP/1 or of HTTP/2's compatibility API.
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
 * @param method of the request: the answer to HEAD has no body.
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
		// It can only fail because the body is broken, and then the read below has failed, too.
		reader.cancel().catch(() => undefined);
	};
	outgoing.once("close", cancel);
	// The head goes out at once: the body may begin much later.
	outgoing.flushHeaders?.();
	for (;;) {
		const { done, value } = await reader.read();
		if (done) break;
		// Who stands in between and returns nothing asks for no pause.
		if (outgoing.write(value) !== false) continue;
		// Where the client leaves instead, this is forgotten together with the response.
		await new Promise<void>((drained) => outgoing.once("drain", drained));
	}
	outgoing.off("close", cancel);
	outgoing.end();
}

/** What went wrong is reported, and shown to the client without a word of it. */
export function fail(outgoing: NodeOutgoing, error: unknown): void {
	// Of a client that was cut off, `onError` has heard.
	const known = error instanceof SseError && error.code === "slow_consumer";
	if (!known) console.error("edge-sse:", error);
	// What has begun can only be broken off: the client must not take it for complete, as HTTP/2 would have
	// it where there is no error.
	if (outgoing.headersSent) outgoing.destroy(new Error("Broken off.", { cause: error }));
	else {
		outgoing.statusCode = 500;
		outgoing.end();
	}
}

/** Of these there may be several; what middleware has set stays. Any other header is the response's own. */
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
