import type { ServerResponse } from "node:http";
import type { Fault } from "./behaviour.ts";
import { HttpError } from "./protocol.ts";

/** Answers with a fault that a test has ordered. */
export function answerFault(response: ServerResponse, fault: Fault): void {
	if (fault.status === "reset") {
		response.socket?.resetAndDestroy();
		return;
	}
	if (fault.retryAfter !== undefined) response.setHeader("retry-after", fault.retryAfter);
	response.writeHead(fault.status, { "content-type": "application/json" });
	response.end(fault.body ?? JSON.stringify({ error: fault.error ?? "a fault, as ordered" }));
}

/** Answers a request that failed. */
export function fail(response: ServerResponse, error: Error): void {
	if (response.headersSent || response.destroyed) {
		response.destroy();
		return;
	}
	// An error reply of Redis is the client's fault; any other error is ours.
	const status =
		error instanceof HttpError ? error.status : error.name === "ReplyError" ? 400 : 500;
	response.writeHead(status, { "content-type": "application/json" });
	response.end(JSON.stringify({ error: error.message }));
}
