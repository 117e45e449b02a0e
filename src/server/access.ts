import type { Context, MiddlewareHandler } from "hono";
import { timingSafeEqual } from "hono/utils/buffer";
import { isLoopback } from "./settings.ts";

/** Set on a request that carries `SSE_PUBLISH_TOKEN`, or needs none: it may publish to every channel. */
export type PublishEnv = { Variables: { mayPublish: boolean } };

/**
 * Who may publish over HTTP: whoever has the token, or a signed one for the channel, which the body names; without
 * either kind of token, this machine alone.
 */
export function publishAccess(
	token: string | undefined,
	signed: boolean,
	openOn: string | undefined,
): MiddlewareHandler<PublishEnv> {
	if (token === undefined && !signed) return thisMachineOnly(openOn);
	const error = signed
		? "Publishing needs a token: send `Authorization: Bearer …`."
		: "Publishing needs a token: send `Authorization: Bearer <SSE_PUBLISH_TOKEN>`.";
	return async (c, next) => {
		const mayPublish = token !== undefined && (await carries(c, token));
		c.set("mayPublish", mayPublish);
		if (mayPublish || (signed && c.req.header("authorization") !== undefined)) return next();
		return unauthorized(c, error);
	};
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
	return async (c, next) => ((await carries(c, token)) ? next() : unauthorized(c, error));
}

// Hono's comparison takes the same time however much of the token is right.
function carries(c: Context, token: string): Promise<boolean> {
	const [scheme, given = ""] = (c.req.header("authorization") ?? "").split(/ +(.*)/s);
	return scheme?.toLowerCase() === "bearer"
		? timingSafeEqual(given, token)
		: Promise.resolve(false);
}

function unauthorized(c: Context, error: string): Response {
	return c.json({ error }, 401, { "www-authenticate": "Bearer" });
}

/**
 * A server on a loopback address is still within reach of every web page that a browser on this
 * machine has open. Such a page can name itself in neither header: `Origin` tells a foreign page, and
 * the request's own host tells a foreign name that was pointed at 127.0.0.1.
 */
function thisMachineOnly(openOn: string | undefined): MiddlewareHandler<PublishEnv> {
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
		c.set("mayPublish", true);
		return next();
	};
}
