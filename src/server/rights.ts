import type { Context } from "hono";
import { proofOf } from "../auth/verify.ts";
import type { AuthorizePublish } from "../auth.ts";
import { isAllowed } from "../core/request/request.ts";
import { carries, unauthorized } from "./access.ts";
import { refusalOf } from "./publish.ts";
import type { Publishing } from "./publishing.ts";

/**
 * What takes a right of its own: the holder of `SSE_PUBLISH_TOKEN` has it, and a signed token may.
 *
 * @param signed asks about a signed token. Undefined: there are none.
 * @param channels for which it is needed; `*`: any. None: a good token is enough.
 * @returns the answer that refuses. Undefined: it may.
 */
export async function rightRefusal(
	c: Context,
	publishing: Publishing,
	signed: AuthorizePublish | undefined,
	channels: readonly string[],
): Promise<Response | undefined> {
	if (publishing.by !== "token") {
		return c.json(
			{ error: "It takes SSE_PUBLISH_TOKEN, or a signed token: set one of them." },
			403,
		);
	}
	const { token } = publishing;
	if (token !== undefined && carries(c, token)) return undefined;
	if (signed === undefined || c.req.header("authorization") === undefined) {
		return unauthorized(c, "It takes a token: send `Authorization: Bearer …`.");
	}
	return refusalOf(c, signed, channels);
}

/** Channels that are asked about at a time. */
const mostAsked = 100;

/**
 * `GET /rights?channel=…`: what a token allows on each of these channels, so that a page need not try and be refused,
 * and whether it may have `GET /channels`. Without a token: nothing.
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
	// That right on all channels: the overview has their names.
	const overview = hasOverview && may("members", "*");
	return c.json({ rights, overview }, 200, { "cache-control": "no-store" });
}
