import type { ErrorHandler } from "../errors.ts";
import { checkNames } from "../known-names.ts";

type Origin = string | undefined | null;

/** Which other origins' pages may read streams. The rules are those of Hono's `cors()`. */
export interface CorsOptions {
	/** `*`, an origin, a list of origins, or a function that returns the one to allow, if any. */
	origin: string | readonly string[] | ((origin: string) => Origin | Promise<Origin>);
	/**
	 * Whether pages may send cookies: `new EventSource(url, { withCredentials: true })`.
	 *
	 * @defaultValue `false`
	 */
	credentials?: boolean | undefined;
}

/** @throws {TypeError} when every origin could read with the user's cookies. */
export function checkCors(cors: CorsOptions | undefined): void {
	if (cors === undefined) return;
	checkNames(
		"cors.",
		cors,
		["origin credentials"],
		[["Streams need only GET, with any headers; leave it out.", "methods allowedHeaders"]],
	);
	const { origin, credentials } = cors;
	const kind = typeof origin;
	if (kind !== "string" && kind !== "function" && !Array.isArray(origin)) {
		throw new TypeError("cors.origin: must be an origin, a list of them, `*`, or a function.");
	}
	if (credentials === true && [origin].flat().includes("*")) {
		throw new TypeError("cors.origin: with credentials it must name the origins, not `*`.");
	}
}

/**
 * The headers that let the request's origin read the answer; none without `cors`.
 *
 * @see https://fetch.spec.whatwg.org/#http-cors-protocol
 */
export async function corsHeaders(
	{ cors, onError }: { cors?: CorsOptions | undefined; onError: ErrorHandler },
	request: Request,
): Promise<Record<string, string>> {
	if (cors === undefined) return {};
	const headers: Record<string, string> = {};
	// The answer depends on the origin, also when this origin is not allowed: a cache must tell them
	// apart.
	if (cors.origin !== "*") headers.vary = "Origin";
	try {
		const allowed = await allowedOrigin(cors, request.headers.get("origin") ?? "");
		if (!allowed) return headers;
		headers["access-control-allow-origin"] = allowed;
		if (cors.credentials === true) headers["access-control-allow-credentials"] = "true";
	} catch (error) {
		onError(error, { stage: "hook" });
	}
	return headers;
}

/** The answer to a preflight. Polyfills cause one by their `Last-Event-ID` header. */
export function preflight(
	request: Request,
	headers: Record<string, string>,
	methods = "GET, HEAD",
): Response {
	const asked = request.headers.get("access-control-request-headers");
	return new Response(null, {
		status: 204,
		headers: {
			...headers,
			"access-control-allow-methods": methods,
			...(asked === null ? {} : { "access-control-allow-headers": asked }),
			vary: [headers.vary, "Access-Control-Request-Headers"].filter(Boolean).join(", "),
		},
	});
}

async function allowedOrigin({ origin, credentials }: CorsOptions, asked: string): Promise<Origin> {
	if (typeof origin === "function") {
		const answer = await origin(asked);
		return answer === "*" && credentials === true ? undefined : answer;
	}
	const origins = [origin].flat();
	return origins.includes("*") ? "*" : origins.find((each) => each === asked);
}
