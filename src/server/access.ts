import type { MiddlewareHandler } from "hono";
import { timingSafeEqual } from "hono/utils/buffer";
import { isLoopback } from "./settings.ts";

/** Who may publish over HTTP: whoever has the token, or, without one, this machine alone. */
export function publishAccess(
	token: string | undefined,
	openOn: string | undefined,
): MiddlewareHandler {
	if (token === undefined) return thisMachineOnly(openOn);
	return withToken(
		token,
		"Publishing needs a token: send `Authorization: Bearer <SSE_PUBLISH_TOKEN>`.",
	);
}

/** Who may read the metrics: everybody, unless there is a token. */
export function metricsAccess(token: string | undefined): MiddlewareHandler {
	if (token === undefined) return (_, next) => next();
	return withToken(
		token,
		"Reading metrics needs a token: send `Authorization: Bearer <SSE_METRICS_TOKEN>`.",
	);
}

function withToken(token: string, error: string): MiddlewareHandler {
	return async (c, next) => {
		const [scheme, given = ""] = (c.req.header("authorization") ?? "").split(/ +(.*)/s);
		// Hono's comparison takes the same time however much of the token is right.
		if (scheme?.toLowerCase() === "bearer" && (await timingSafeEqual(given, token))) return next();
		return c.json({ error }, 401, { "www-authenticate": "Bearer" });
	};
}

/**
 * A server on a loopback address is still within reach of every web page that a browser on this
 * machine has open. Such a page can name itself in neither header: `Origin` tells a foreign page, and
 * the request's own host tells a foreign name that was pointed at 127.0.0.1.
 */
function thisMachineOnly(openOn: string | undefined): MiddlewareHandler {
	return async (c, next) => {
		const url = new URL(c.req.url);
		const origin = c.req.header("origin");
		if (!isLoopback(openOn ?? url.hostname) || !isLoopback(url.hostname)) {
			const error =
				"Publishing over HTTP is off: this server can be reached from other machines and has no token. " +
				"Set SSE_PUBLISH_TOKEN and send it as `Authorization: Bearer …`, or set HOST to 127.0.0.1.";
			return c.json({ error }, 403);
		}
		if (origin !== undefined && origin !== url.origin) {
			return c.json({ error: "Publishing from another site's page needs SSE_PUBLISH_TOKEN." }, 403);
		}
		return next();
	};
}
