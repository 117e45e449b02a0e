/** Which other origins' pages may read streams; the same rules as Hono's `cors()`. */
export interface CorsOptions {
	/** `*`, an origin, several, or a function that returns the one to allow, if any. */
	origin: string | readonly string[] | ((origin: string) => string | undefined | null);
	/** Whether pages may send cookies (`new EventSource(url, { withCredentials: true })`). Default false. */
	credentials?: boolean | undefined;
}

/** @throws {TypeError} when every origin were allowed to read with the user's cookies. */
export function checkCors(cors: CorsOptions | undefined): void {
	if (cors === undefined) return;
	const { origin, credentials } = cors;
	const kind = typeof origin;
	if (kind !== "string" && kind !== "function" && !Array.isArray(origin)) {
		throw new TypeError("cors.origin: must be an origin, a list of them, `*`, or a function.");
	}
	if (credentials === true && (origin === "*" || (Array.isArray(origin) && origin.includes("*")))) {
		throw new TypeError(
			"cors.origin: with credentials it must name the origins, for `*` would be all of them.",
		);
	}
}

/**
 * The headers that let the request's origin read the answer; none without `cors`.
 *
 * @see https://fetch.spec.whatwg.org/#http-cors-protocol
 */
export function corsHeaders(
	cors: CorsOptions | undefined,
	request: Request,
): Record<string, string> {
	if (cors === undefined) return {};
	const headers: Record<string, string> = {};
	const allowed = allowedOrigin(cors, request.headers.get("origin") ?? "");
	// The answer differs by origin, also where this one is not allowed: a cache must not mix them up.
	if (cors.origin !== "*") headers.vary = "Origin";
	if (allowed === undefined) return headers;
	headers["access-control-allow-origin"] = allowed;
	if (cors.credentials === true) headers["access-control-allow-credentials"] = "true";
	return headers;
}

/** The answer to a preflight, which polyfills cause by their `Last-Event-ID` header. */
export function preflight(request: Request, headers: Record<string, string>): Response {
	const asked = request.headers.get("access-control-request-headers");
	return new Response(null, {
		status: 204,
		headers: {
			...headers,
			"access-control-allow-methods": "GET, HEAD",
			...(asked === null ? {} : { "access-control-allow-headers": asked }),
			vary: [headers.vary, "Access-Control-Request-Headers"].filter(Boolean).join(", "),
		},
	});
}

function allowedOrigin({ origin, credentials }: CorsOptions, asked: string): string | undefined {
	if (origin === "*") return "*";
	if (typeof origin === "function") {
		const answer = origin(asked) || undefined;
		return answer === "*" && credentials === true ? undefined : answer;
	}
	const origins = [origin].flat();
	return origins.includes("*") ? "*" : origins.find((each) => each === asked);
}
