import type { Context, MiddlewareHandler } from "hono";
import { hostName } from "./hosts.ts";
import type { Publishing } from "./publishing.ts";

/** `mayPublish` is set for a request that may publish to every channel: it carries the token, or needs none. */
export type PublishEnv = { Variables: { mayPublish: boolean } };

/**
 * Lets those publish over HTTP who have the token, or a signed token for the channel in the body.
 */
export function publishAccess(publishing: Publishing): MiddlewareHandler<PublishEnv> {
	if (publishing.by === "nobody") return (c) => Promise.resolve(c.json({ error: off }, 403));
	if (publishing.by === "everybody") return fromOurPages;
	const { token, isSigned } = publishing;
	return async (c, next) => {
		const mayPublish = token !== undefined && carries(c, token);
		c.set("mayPublish", mayPublish);
		if (mayPublish || (isSigned && c.req.header("authorization") !== undefined)) return next();
		return unauthorized(c, isSigned ? needsAnyToken : needsToken);
	};
}

const off =
	"Publishing over HTTP is off. To switch it on, start the hub with SSE_PUBLISH_TOKEN, or with HOST on a " +
	"loopback address. SSE_PUBLISH_OPEN=true lets everybody publish.";

const needsAnyToken = "Publishing needs a token: send `Authorization: Bearer …`.";

const needsToken =
	"Publishing needs a token: send `Authorization: Bearer …` with SSE_PUBLISH_TOKEN or, where it is not " +
	"set, with the token that the hub printed at its start.";

/**
 * A hub that is open to everybody in its network is also open to every web page in their
 * browsers. `Origin` identifies a foreign page, and no page can change it.
 */
const fromOurPages: MiddlewareHandler<PublishEnv> = async (c, next) => {
	const origin = c.req.header("origin");
	if (origin !== undefined && !isOwn(origin, c.req.header("host"))) {
		return c.json({ error: "Publishing from another site's page needs SSE_PUBLISH_TOKEN." }, 403);
	}
	c.set("mayPublish", true);
	return next();
};

// Compares only the host. The scheme may differ, because TLS may end at a proxy before the hub.
function isOwn(origin: string, called: string | undefined): boolean {
	if (called === undefined || hostName(called) === undefined || !URL.canParse(origin)) return false;
	const { protocol, host } = new URL(origin);
	return /^https?:$/.test(protocol) && new URL(`${protocol}//${called}`).host === host;
}

/** Lets everybody read the metrics, or those who have the token, where one is set. */
export function metricsAccess(token: string | undefined): MiddlewareHandler {
	if (token === undefined) return (_, next) => next();
	return withToken(
		token,
		"Reading metrics needs a token: send `Authorization: Bearer <SSE_METRICS_TOKEN>`.",
	);
}

function withToken(token: string, error: string): MiddlewareHandler {
	return async (c, next) => (carries(c, token) ? next() : unauthorized(c, error));
}

export function carries(c: Context, token: string): boolean {
	return carriesToken(c.req.header("authorization"), token);
}

export function carriesToken(header: string | null | undefined, token: string): boolean {
	const [scheme, given = ""] = (header ?? "").split(/ +(.*)/s);
	return scheme?.toLowerCase() === "bearer" && isToken(given, token);
}

/**
 * Compares all characters, so that the time does not tell how many of them are right. A comparison of digests, as
 * libraries do it, took 0.15 ms a request.
 */
function isToken(given: string, token: string): boolean {
	let difference = given.length ^ token.length;
	for (let at = 0; at < token.length; at++) {
		difference |= token.charCodeAt(at) ^ (given.charCodeAt(at) || 0);
	}
	return difference === 0;
}

export function unauthorized(c: Context, error: string): Response {
	return c.json({ error }, 401, { "www-authenticate": "Bearer" });
}
