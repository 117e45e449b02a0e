import type { Context } from "hono";
import type { AuthorizePublish } from "../auth.ts";
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
	if (token !== undefined && (await carries(c, token))) return undefined;
	if (signed === undefined || c.req.header("authorization") === undefined) {
		return unauthorized(c, "It takes a token: send `Authorization: Bearer …`.");
	}
	return refusalOf(c, signed, channels);
}
