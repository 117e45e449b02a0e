/** The part of Node's socket that is used here: https://nodejs.org/api/net.html#class-netsocket */
export interface NodeSocket {
	readonly destroyed: boolean;
	/** Bytes that the kernel has not taken yet. */
	readonly writableLength: number;
	/** The socket is closed after this much silence, in ms. 0 or undefined: never. */
	readonly timeout?: number | undefined;
	setTimeout?(ms: number): unknown;
	write(bytes: Uint8Array): boolean;
	write(text: string, encoding: "latin1"): boolean;
	/** Holds back writes until `uncork()`, which sends them together. */
	cork?(): void;
	uncork?(): void;
	destroy(): unknown;
	once(event: "close", listener: () => void): unknown;
}

/**
 * The part of Node's response that is used here:
 * https://nodejs.org/api/http.html#class-httpserverresponse
 */
export interface NodeResponse {
	readonly headersSent: boolean;
	readonly writableEnded: boolean;
	/** Whether the kernel has all of it. */
	readonly writableFinished: boolean;
	/** Whether the body is sent in HTTP/1.1 chunks. Known once the head has been written. */
	readonly chunkedEncoding: boolean;
	/** How many `cork()` calls hold back its writes. */
	readonly writableCorked: number;
	/** Written bytes that the kernel has not taken yet. */
	readonly writableLength: number;
	/** Null while an earlier response on the same connection is unfinished. */
	readonly socket: NodeSocket | null;
	/** The request that it answers. Its socket is there from the start. */
	readonly req?: { readonly socket?: NodeSocket | null };
	/** Whether its connection is gone. */
	readonly destroyed: boolean;
	writeHead(status: number, headers: Record<string, string>): unknown;
	flushHeaders(): void;
	write(bytes: Uint8Array): boolean;
	end(): unknown;
	destroy(): unknown;
	once(event: "socket" | "finish" | "drain" | "close", listener: () => void): unknown;
	/** Like `once`, but before Node's own listeners. */
	prependOnceListener(event: "finish", listener: () => void): unknown;
}

/**
 * Whether a host's object is Node's HTTP/1 response. That of HTTP/2 does not give up its
 * socket.
 */
export function isNodeResponse(value: unknown): value is NodeResponse {
	if (typeof value !== "object" || value === null) return false;
	const { headersSent, chunkedEncoding, destroy, once } = value as Partial<NodeResponse>;
	return (
		typeof headersSent === "boolean" &&
		typeof chunkedEncoding === "boolean" &&
		typeof destroy === "function" &&
		typeof once === "function"
	);
}
