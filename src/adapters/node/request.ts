import { Readable } from "node:stream";
import type { NodeOutgoing } from "./response.ts";

/**
 * As much as is used here of Node's request, of HTTP/1 or of HTTP/2's compatibility API. Its type
 * says what it looks like, so that nobody needs `@types/node` who does not use it.
 * https://nodejs.org/api/http.html#class-httpincomingmessage
 */
export interface NodeIncoming {
	readonly method?: string | undefined;
	readonly url?: string | undefined;
	readonly headers: { readonly host?: string | undefined };
	readonly rawHeaders: readonly string[];
	readonly socket: object;
	/** Of HTTP/2 only. */
	readonly authority?: string | undefined;
	/** Whether somebody has read of the body already. */
	readonly readableDidRead?: boolean | undefined;
}

/** The request in the fetch API's words; undefined when they have none for it. */
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
		// TRACE, or a name or value of a header that the fetch API does not have.
		if (error instanceof TypeError) return undefined;
		throw error;
	}
}

function urlOf(incoming: NodeIncoming): URL | undefined {
	const { url: target = "/", socket } = incoming;
	const scheme = "encrypted" in socket && socket.encrypted ? "https" : "http";
	if (!target.startsWith("/")) {
		// A request to a proxy names the whole URL; anything else is `*`, or no target at all.
		const url = URL.canParse(target) ? new URL(target) : undefined;
		return url?.protocol === "http:" || url?.protocol === "https:" ? url : undefined;
	}
	// HTTP/1.0 knows no Host.
	const host = incoming.authority || incoming.headers.host || "localhost";
	// Whatever ends a host in a URL would move the rest of it into the path.
	if (/[\s/?#@\\]/.test(host) || !URL.canParse(`${scheme}://${host}`)) return undefined;
	return new URL(`${scheme}://${host}${target}`);
}

function headersOf(raw: readonly string[]): Headers {
	const headers = new Headers();
	for (let at = 0; at + 1 < raw.length; at += 2) {
		const name = raw[at] ?? "";
		// HTTP/2's method, path and so on.
		if (!name.startsWith(":")) headers.append(name, raw[at + 1] ?? "");
	}
	return headers;
}

/** The body as it comes; where middleware has read it before, what it has kept of it. */
function bodyOf(incoming: NodeIncoming): ReadableStream<Uint8Array> {
	if (incoming.readableDidRead !== true) {
		return Readable.toWeb(incoming as NodeIncoming & Readable) as ReadableStream<Uint8Array>;
	}
	const { rawBody } = incoming as { rawBody?: unknown };
	if (typeof rawBody === "string" || rawBody instanceof Uint8Array) {
		return new Blob([rawBody as BlobPart]).stream() as ReadableStream<Uint8Array>;
	}
	// Only who reads it hears of it: a stream needs none.
	return new ReadableStream<Uint8Array>(
		{
			pull(controller) {
				controller.error(
					new TypeError(
						"toNodeHandler: the request's body was read before, by express.json() or the like. " +
							"Put the handler before that, or have it kept: " +
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
