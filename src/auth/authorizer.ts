import type { Authorize } from "../core/request/authorize.ts";
import { isAllowed } from "../core/request/request.ts";
import { namesProblem } from "./claim.ts";
import { refuse } from "./refusal.ts";
import type { TokenPlaces } from "./token.ts";
import { type JwtOptions, tokenCheck } from "./verify.ts";

/** The options of `jwtAuthorizer()`: where the token is, and how it is checked. */
export interface JwtAuthorizerOptions extends JwtOptions {
	/**
	 * Whether `Authorization: Bearer` is read. An EventSource cannot send it.
	 *
	 * @defaultValue `true`
	 */
	header?: boolean | undefined;
	/**
	 * A cookie to read when the header holds no token.
	 *
	 * @defaultValue none
	 */
	cookie?: string | undefined;
	/**
	 * A query parameter to read when neither of them holds a token. URLs end up in access logs.
	 *
	 * @defaultValue none
	 */
	query?: string | undefined;
	/**
	 * Channels that need no token. A `*` at the end of a name matches any rest.
	 *
	 * @defaultValue none
	 */
	anonymous?: readonly string[] | undefined;
	/**
	 * Whether a stream may have only some of the channels that it asks for. Otherwise it gets all
	 * of them, or a refusal.
	 *
	 * @defaultValue `false`
	 */
	partial?: boolean | undefined;
}

/**
 * An `Authorize` for signed tokens. A stream gets the channels that the token's claim and
 * `anonymous` allow, until the token expires. It refuses with
 *
 * - 401 and a challenge: no token, where one is needed;
 * - 401 `invalid_token`: expired, not yet valid, wrong signature, another audience, malformed;
 * - 400 `invalid_request`: two tokens in one place;
 * - 403 `insufficient_scope`: a good token, but not for every requested channel.
 *
 * While the keys behind `jwksUrl` cannot be fetched, it throws an `SseError` with code
 * `unavailable`.
 *
 * @example
 * ```ts
 * import { ServerSentEvents } from "edge-sse";
 * import { jwtAuthorizer } from "edge-sse/auth";
 *
 * const authorize = jwtAuthorizer({ jwksUrl: "https://id.example/keys", cookie: "session" });
 * const sse = new ServerSentEvents({ connector, authorize });
 * ```
 *
 * @throws {TypeError} that names the option and its rule.
 * @see https://www.rfc-editor.org/rfc/rfc6750
 */
export function jwtAuthorizer(options: JwtAuthorizerOptions): Authorize {
	const { anonymous = [], partial = false } = options;
	const problem = namesProblem(anonymous);
	if (problem !== undefined) throw new TypeError(`anonymous: ${problem}`);
	const open = [...anonymous];
	const check = tokenCheck(options, checkedPlaces(options));

	return async (request, channels) => {
		const proof = await check(request);
		if (proof instanceof Response) return proof;
		const names = proof === undefined ? open : [...open, ...proof.rights.subscribe];
		const allowed = channels.filter((channel) => isAllowed(channel, names));
		if (allowed.length === channels.length || (partial && allowed.length > 0)) {
			return { channels: allowed, expires: proof?.expires };
		}
		return proof === undefined
			? refuse(undefined, "A token is needed.")
			: refuse("insufficient_scope", "The token does not allow every requested channel.");
	};
}

function checkedPlaces({ header = true, cookie, query }: JwtAuthorizerOptions): TokenPlaces {
	if (cookie !== undefined && !/^[\w!#$%&'*+.^`|~-]+$/.test(cookie)) {
		throw new TypeError("cookie: must be the name of a cookie.");
	}
	if (query !== undefined && (typeof query !== "string" || query === "")) {
		throw new TypeError("query: must be the name of a parameter.");
	}
	if (!header && cookie === undefined && query === undefined) {
		throw new TypeError("header, cookie, query: one of them must be read.");
	}
	return { header, cookie, query };
}
