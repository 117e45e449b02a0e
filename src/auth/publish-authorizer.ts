import { isAllowed } from "../core/request/request.ts";
import { refuse } from "./refusal.ts";
import { type JwtOptions, tokenCheck } from "./verify.ts";

/**
 * Whether a request may publish to a channel, or to all of a list: `true`, or the answer that
 * refuses.
 */
export type AuthorizePublish = (
	request: Request,
	channel: string | readonly string[],
) => Promise<true | Response>;

/**
 * Decides on publishing as `jwtAuthorizer` decides on streams, by the `publish` list of the
 * same claim. A claim that is an array lists channels to subscribe to, and lets nobody publish.
 *
 * The token is read from `Authorization: Bearer` only. A browser would send a cookie along with
 * any other site's form, which could then publish in its visitors' names.
 *
 * @example
 * ```ts
 * import { jwtPublishAuthorizer } from "edge-sse/auth";
 *
 * const authorizePublish = jwtPublishAuthorizer({ secret });
 * app.post("/news", async (c) => {
 * 	const verdict = await authorizePublish(c.req.raw, ["news"]);
 * 	return verdict === true ? c.json(await sse.publish("Hello!", { channel: "news" })) : verdict;
 * });
 * ```
 *
 * @throws {TypeError} that names the option and its rule.
 */
export function jwtPublishAuthorizer(options: JwtOptions): AuthorizePublish {
	return bearerAuthorizer(options, "publish");
}

const doing = {
	publish: ["Publishing", "publishing to this channel, or not to all of these"],
	disconnect: ["Ending streams", "ending the streams of this channel"],
	members: ["Reading members", "reading the members of this channel"],
} as const;

/** The same for one of the rights in the claim. */
export function bearerAuthorizer(options: JwtOptions, right: keyof typeof doing): AuthorizePublish {
	const [what, whatTo] = doing[right];
	const check = tokenCheck(options, { header: true, cookie: undefined, query: undefined });
	return async (request, channel) => {
		const proof = await check(request);
		if (proof instanceof Response) return proof;
		if (proof === undefined) {
			return refuse(undefined, `${what} needs a token: send \`Authorization: Bearer …\`.`);
		}
		return (
			[channel].flat().every((name) => isAllowed(name, proof.rights[right])) ||
			refuse("insufficient_scope", `The token does not allow ${whatTo}.`)
		);
	};
}
