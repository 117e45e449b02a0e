import { Readable } from "node:stream";
import type { NodeOutgoing } from "./response.ts";

/**
 * The part of Node's request that is used here, of HTTP/1 or of HTTP/2's compatibility API. It
 * is described, so that only Node users need `@types/node`.
 * https://nodejs.org/api/http.html#class-httpincomingmessage
 */
export interface NodeIncoming {
	readonly method?: string | undefined;
	readonly url?: string | undefined;
	readonly headers: { readonly host?: string | undefined };
	readonly rawHeaders: readonly string[];
	readonly socket: object;
	/** Only in HTTP/2. */
	readonly authority?: string | undefined;
	/** Whether somebody has already read some of the body. */
	readonly readableDidRead?: boolean | undefined;
}

/** The request as a `Request`. Undefined when it cannot be one. */
export function toRequest(incoming: NodeIncoming, outgoing: NodeOutgoing): Request | undefined {
	const url = urlOf(incoming);
	if (url === undefined) return undefined;
	const { method = "GET" } = incoming;
	const body = method === "GET" || method === "HEAD" ? null : bodyOf(incoming);
	try {
		return new Request(url, {
			method,
			headers: headersOf(incoming.rawHeaders),
			signal: signalOf(outgoing),
			...(body !== null && { body, duplex: "half" }),
		});
	} catch (error) {
		// TRACE, or a header name or value that the fetch API refuses.
		if (error instanceof TypeError) return undefined;
		throw error;
	}
}

function urlOf(incoming: NodeIncoming): URL | undefined {
	const { url: target = "/", socket } = incoming;
	const scheme = "encrypted" in socket && socket.encrypted ? "https" : "http";
	if (!target.startsWith("/")) {
		// A request to a proxy names the whole URL. Anything else is `*`, or no target at all.
		const url = URL.canParse(target) ? new URL(target) : undefined;
		return url?.protocol === "http:" || url?.protocol === "https:" ? url : undefined;
	}
	// HTTP/1.0 has no Host.
	const host = incoming.authority || incoming.headers.host || "localhost";
	// A character that ends a host in a URL would move the rest of it into the path.
	if (/[\s/?#@\\]/.test(host) || !URL.canParse(`${scheme}://${host}`)) return undefined;
	return new URL(`${scheme}://${host}${target}`);
}

function headersOf(raw: readonly string[]): Headers {
	const headers = new Headers();
	for (let at = 0; at + 1 < raw.length; at += 2) {
		const name = raw[at] ?? "";
		// HTTP/2's method, path and so on begin with a colon.
		if (!name.startsWith(":")) headers.append(name, raw[at + 1] ?? "");
	}
	return headers;
}

/** The body as it arrives, or what middleware kept of it after reading it. */
function bodyOf(incoming: NodeIncoming): ReadableStream<Uint8Array> {
	if (incoming.readableDidRead !== true) {
		return Readable.toWeb(incoming as NodeIncoming & Readable) as ReadableStream<Uint8Array>;
	}
	const { rawBody } = incoming as { rawBody?: unknown };
	if (typeof rawBody === "string" || rawBody instanceof Uint8Array) {
		return new Blob([rawBody as BlobPart]).stream() as ReadableStream<Uint8Array>;
	}
	// The error waits until the body is read: a stream needs none.
	return new ReadableStream<Uint8Array>(
		{
			pull(controller) {
				controller.error(
					new TypeError(
						"toNodeHandler: middleware such as express.json() has already read the request's body. " +
							"Put the handler before it, or keep the body: " +
							"express.json({ verify: (request, _, bytes) => { request.rawBody = bytes; } }).",
					),
				);
			},
		},
		{ highWaterMark: 0 },
	);
}

/** Aborts when the client has left before it was answered. */
function signalOf(outgoing: NodeOutgoing): AbortSignal {
	const controller = new AbortController();
	outgoing.once("close", () => {
		if (!outgoing.writableFinished) controller.abort();
	});
	return controller.signal;
}
