/** As much of Node's socket as is used here: https://nodejs.org/api/net.html#class-netsocket */
export interface NodeSocket {
	readonly destroyed: boolean;
	/** Bytes that the kernel has not taken yet. */
	readonly writableLength: number;
	/** The silence after which it is closed, in ms; 0 or undefined: never. */
	readonly timeout?: number | undefined;
	setTimeout?(ms: number): unknown;
	write(bytes: Uint8Array): boolean;
	destroy(): unknown;
	once(event: "close", listener: () => void): unknown;
}

/**
 * As much of Node's response as is used here.
 * https://nodejs.org/api/http.html#class-httpserverresponse
 */
export interface NodeResponse {
	readonly headersSent: boolean;
	readonly writableEnded: boolean;
	/** All of it has been handed to the kernel. */
	readonly writableFinished: boolean;
	/** Whether the body is sent in chunks, as HTTP/1.1 has them. Known once the head has been written. */
	readonly chunkedEncoding: boolean;
	/** How many `cork()` calls hold back what is written to it. */
	readonly writableCorked: number;
	/** What was written to it, and the kernel has not taken yet, in bytes. */
	readonly writableLength: number;
	/** Null while another response on the same connection comes before it. */
	readonly socket: NodeSocket | null;
	/** The request that it answers; its socket is there from the start. */
	readonly req?: { readonly socket?: NodeSocket | null };
	/** Its connection is gone. */
	readonly destroyed: boolean;
	flushHeaders(): void;
	write(bytes: Uint8Array): boolean;
	end(): unknown;
	destroy(): unknown;
	once(event: "socket" | "finish" | "drain", listener: () => void): unknown;
	/** As `once`, before Node's own listeners. */
	prependOnceListener(event: "finish", listener: () => void): unknown;
}

/** Whether a host's object is Node's response of HTTP/1; that of HTTP/2 does not let go of its socket. */
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
