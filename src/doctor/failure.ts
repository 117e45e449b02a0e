/** Why a request has no answer. */
export interface Failure {
	kind: "timeout" | "error" | "aborted";
	/** A code such as `ECONNREFUSED`, or the error's own text. */
	code: string;
	/** How long it took, in ms. */
	ms: number;
}

/** Codes of the errors of Node, Bun and Deno, and what they say. */
const meanings: readonly [pattern: RegExp, meaning: string][] = [
	[/ENOTFOUND|EAI_|dns error|getaddrinfo/i, "the name has no address"],
	[/ECONNREFUSED|ConnectionRefused|connection refused/i, "nothing listens there"],
	[/ETIMEDOUT|CONNECT_TIMEOUT|EHOSTUNREACH|ENETUNREACH/i, "there is no way to that address"],
	[/HEADERS_OVERFLOW|HPE_HEADER_OVERFLOW/i, "the head of the answer is far too long"],
	[/^HPE_|HTTP\/1\.1 protocol|invalid HTTP|Malformed_HTTP/i, "what came back is not HTTP"],
	[/CERT_HAS_EXPIRED|certificate has expired/i, "the certificate has expired"],
	[/ALTNAME|NotValidForName|not valid for name/i, "the certificate is for another name"],
	[/SELF_SIGNED|UNABLE_TO_|CERT|UnknownIssuer|certificate/i, "the certificate is not trusted"],
	[/EPROTO|ERR_SSL|SSL|TLS/i, "the TLS handshake failed"],
	[
		/UND_ERR_SOCKET|ECONNRESET|EPIPE|ConnectionClosed|closed|reset/i,
		"the connection was closed before the answer was whole",
	],
];

/** Returns what a failure says in words, with its code. */
export function failureInWords({ kind, code, ms }: Failure): string {
	if (kind === "timeout") return `no answer in ${Number((ms / 1_000).toFixed(1))} s`;
	const meaning = meanings.find(([pattern]) => pattern.test(code))?.[1];
	const shown = code.length > 120 ? `${code.slice(0, 120)}…` : code;
	return meaning === undefined ? shown : `${meaning} (${shown})`;
}

/** Returns the most telling code in an error and its causes. `fetch` has one message for everything. */
export function codeOf(error: unknown): string {
	let found = "";
	let each: unknown = error;
	for (let depth = 0; depth < 5 && typeof each === "object" && each !== null; depth++) {
		const { code, message, cause } = each as { code?: unknown; message?: unknown; cause?: unknown };
		if (typeof code === "string" && code !== "") found = code;
		else if (found === "" && cause === undefined && typeof message === "string") found = message;
		each = cause;
	}
	return found === "" ? String(error) : found;
}
