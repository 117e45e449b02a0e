import type { Context } from "hono";
import { proofOf } from "../auth/verify.ts";
import type { DisconnectOptions } from "../core/control/disconnect.ts";
import { ConfigurationError, ConnectorError } from "../core/errors.ts";
import { isAllowed } from "../core/request/request.ts";
import type { ServerSentEvents } from "../core/sse.ts";
import { Presence } from "../presence.ts";
import { logFailure } from "./log.ts";
import { readBody } from "./publish-body.ts";

/**
 * Counts the members of channels. A member is the `sub` of a signed token.
 *
 * @throws {ConfigurationError} when the hub has no signed tokens, or its broker cannot keep members.
 */
export function hubPresence(
	sse: ServerSentEvents,
	isOn: boolean,
	isSigned: boolean,
): Presence | undefined {
	if (!isOn) return undefined;
	if (!isSigned) {
		throw new ConfigurationError(
			"SSE_PRESENCE needs signed tokens, whose `sub` says who somebody is: set SSE_JWT_SECRET or SSE_JWKS_URL.",
		);
	}
	return new Presence(sse, {
		id: subjectOf,
		events: (request, channels) => {
			const may = proofOf(request)?.rights.members ?? [];
			return channels.filter((channel) => isAllowed(channel, may));
		},
	});
}

/** The `sub` of the request's token. */
export function subjectOf(request: Request): string | undefined {
	return proofOf(request)?.subject;
}

const noStore = { "cache-control": "no-store" };

/** `GET /channel/members?name=…&after=…&limit=…`: one page of a channel's members. */
export async function listMembers(
	c: Context,
	presence: Presence | undefined,
	name: string,
): Promise<Response> {
	if (presence === undefined) {
		return c.json({ error: "This hub does not count members. Set SSE_PRESENCE=true." }, 404);
	}
	const { after, limit } = c.req.query();
	return answered(c, async () => {
		const query = { after, limit: limit === undefined ? undefined : Number(limit) };
		return c.json(await presence.members(name, query), 200, noStore);
	});
}

/** The fields of a body of `POST /disconnect`. The library checks them. */
export async function disconnectBody(c: Context): Promise<DisconnectOptions | Response> {
	const read = await readBody(c.req.raw);
	if (typeof read === "string")
		return c.json({ error: "The body is too large, nested too deep, or broke off." }, 413);
	try {
		const body: unknown = JSON.parse(read.text);
		if (typeof body === "object" && body !== null && !Array.isArray(body)) return body;
	} catch {
		// The answer below says so.
	}
	return c.json(
		{ error: 'The body must be JSON: {"channel"?, "client"?, "reason"?, "final"?}.' },
		400,
	);
}

/** `POST /disconnect`: ends streams in all processes. */
export function disconnect(
	c: Context,
	sse: ServerSentEvents,
	options: DisconnectOptions,
): Promise<Response> {
	return answered(c, async () => c.json(await sse.disconnect(options)));
}

async function answered(c: Context, answer: () => Promise<Response>): Promise<Response> {
	try {
		return await answer();
	} catch (error) {
		if (error instanceof TypeError) return c.json({ error: error.message }, 400);
		if (error instanceof ConfigurationError) return c.json({ error: error.message }, 501);
		if (!(error instanceof ConnectorError)) throw error;
		logFailure("presence", error);
		return c.json({ error: "The broker did not answer. Try again." }, 503, { "retry-after": "5" });
	}
}
