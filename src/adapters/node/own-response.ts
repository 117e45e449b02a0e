import * as http from "node:http";

/**
 * The methods that a response's bytes pass on their way to the socket. `_send` and `_writeRaw`
 * are internal to Node.
 */
interface Way {
	readonly write: unknown;
	readonly end: unknown;
	readonly _send: unknown;
	readonly _writeRaw: unknown;
}

/**
 * What each method contains in Node 20.0 and later. An agent loaded before us may have replaced
 * them, and Bun and Deno have other methods under these names.
 */
const words: Record<keyof Way, string> = {
	write: "write_(this, chunk, encoding, callback, false)",
	end: "write_(this, chunk, encoding, ",
	_send: "this._writeRaw(data, encoding, callback",
	_writeRaw: "conn.write(data, encoding, callback)",
};

/** Node's own methods. Undefined where they differ: then no response counts as Node's own. */
const own: Way | undefined = /* @__PURE__ */ (() => {
	// workerd, for example, may have a `node:http` without it.
	const way = http.OutgoingMessage?.prototype as unknown as Way | undefined;
	if (way === undefined) return undefined;
	const { write, end, _send, _writeRaw } = way;
	const found: Way = { write, end, _send, _writeRaw };
	const isNodes = Object.entries(words).every(([name, text]) => {
		const method: unknown = found[name as keyof Way];
		return typeof method === "function" && String(method).includes(text);
	});
	return isNodes ? found : undefined;
})();

/**
 * Whether nothing stands between this response and its socket: each method that its bytes pass
 * is Node's own, on the object and on its whole prototype chain. It costs a few property reads
 * before every write.
 */
export function isOwnResponse(outgoing: object): boolean {
	const { write, end, _send, _writeRaw } = outgoing as Way;
	return (
		own !== undefined &&
		write === own.write &&
		end === own.end &&
		_send === own._send &&
		_writeRaw === own._writeRaw
	);
}
