import type { Context } from "hono";
import { proofOf } from "../auth/verify.ts";
import type { AuthorizePublish } from "../auth.ts";
import { isAllowed } from "../core/request/request.ts";
import { carries, unauthorized } from "./access.ts";
import { refusalOf } from "./publish.ts";
import type { Publishing } from "./publishing.ts";

/**
 * Refuses a request that lacks a right. `SSE_PUBLISH_TOKEN` has every right, and a signed token those that it names.
 *
 * @param signed asks whether a signed token has the right. Undefined: the hub has no signed tokens.
 * @param channels the channels for which it needs the right; `*`: all. Empty: any valid token is enough.
 * @returns the answer that refuses the request. Undefined: it may go on.
 */
export async function rightRefusal(
	c: Context,
	publishing: Publishing,
	signed: AuthorizePublish | undefined,
	channels: readonly string[],
): Promise<Response | undefined> {
	if (publishing.by !== "token") {
		return c.json(
			{
				error:
					"This needs a token, and the hub has none: set SSE_PUBLISH_TOKEN, or a key for signed tokens.",
			},
			403,
		);
	}
	const { token } = publishing;
	if (token !== undefined && carries(c, token)) return undefined;
	if (signed === undefined || c.req.header("authorization") === undefined) {
		return unauthorized(c, "This needs a token: send `Authorization: Bearer …`.");
	}
	return refusalOf(c, signed, channels);
}

/** How many channels one request may ask about. */
const mostAsked = 100;

/**
 * `GET /rights?channel=…`: what a token allows on each of these channels, and whether it allows `GET /channels`. So a page
 * need not send requests that would be refused. A request without a token has no rights.
 */
export async function listRights(
	c: Context,
	publishing: Publishing,
	signed: AuthorizePublish | undefined,
	hasOverview: boolean,
): Promise<Response> {
	const channels = c.req.queries("channel") ?? [];
	if (channels.length === 0 || channels.length > mostAsked) {
		return c.json({ error: `channel: must be the name of 1 to ${mostAsked} channels.` }, 400);
	}
	const { by } = publishing;
	if (by === "token" && c.req.header("authorization") !== undefined) {
		const refusal = await rightRefusal(c, publishing, signed, []);
		if (refusal !== undefined) return refusal;
	}
	const token = by === "token" ? publishing.token : undefined;
	const isOurs = token !== undefined && carries(c, token);
	const proof = proofOf(c.req.raw)?.rights;
	const may = (right: "publish" | "disconnect" | "members", channel: string) =>
		isOurs || (proof !== undefined && isAllowed(channel, proof[right]));
	const rights = channels.map((channel) => ({
		channel,
		publish: by === "everybody" || may("publish", channel),
		disconnect: may("disconnect", channel),
		members: may("members", channel),
	}));
	// The overview has names of channels, so it needs the right on all of them.
	const overview = hasOverview && may("members", "*");
	return c.json({ rights, overview }, 200, { "cache-control": "no-store" });
}
