import { ConfigurationError } from "../core/errors.ts";
import { bearerToken, type Environment, flag } from "./variables.ts";

/** Who may publish over HTTP. */
export type Publishing =
	| {
			by: "token";
			/** Its holder may publish to every channel. Undefined: only signed tokens may publish. */
			token: string | undefined;
			/** Whether the hub made the token for this start, because none was set. */
			isMade: boolean;
			/** Whether a signed token may publish to the channels that it names. */
			isSigned: boolean;
	  }
	| { by: "everybody" }
	| { by: "nobody" };

/**
 * Decides who may publish, by `SSE_PUBLISH_TOKEN`, the keys for signed tokens and `SSE_PUBLISH_OPEN`. Without any of them
 * nobody may, except on loopback, where the hub makes a token for this start. Loopback needs a token, too, because a proxy
 * in front may listen on other addresses.
 *
 * @throws {ConfigurationError} that names the variable and its rule.
 */
export function publishingFrom(environment: Environment, isOnLoopback: boolean): Publishing {
	const token = bearerToken(environment, "SSE_PUBLISH_TOKEN");
	const isSigned = (environment.SSE_JWT_SECRET ?? environment.SSE_JWKS_URL) !== undefined;
	const isConfigured = token !== undefined || isSigned;
	if (flag(environment, "SSE_PUBLISH_OPEN") ?? false) {
		if (!isConfigured) return { by: "everybody" };
		throw new ConfigurationError(
			`SSE_PUBLISH_OPEN lets everybody publish, and ${token === undefined ? "a key" : "SSE_PUBLISH_TOKEN"} ` +
				"does not: unset one of them.",
		);
	}
	if (isConfigured) return { by: "token", token, isMade: false, isSigned };
	if (!isOnLoopback) return { by: "nobody" };
	return { by: "token", token: makeToken(), isMade: true, isSigned: false };
}

/** A token of 192 random bits, in characters that are safe in a URL and in a shell. */
function makeToken(): string {
	const bytes = crypto.getRandomValues(new Uint8Array(24));
	return btoa(String.fromCharCode(...bytes))
		.replaceAll("+", "-")
		.replaceAll("/", "_");
}
