import { type CryptoKey, type JWK, SignJWT } from "jose";
import { namesProblem } from "./claim.ts";
import { signingKey } from "./keys.ts";
import { maxTokenLength } from "./token.ts";

/** The options of `signChannels()`. */
export interface SignChannelsOptions {
	/**
	 * The authorizer's secret: 32 random bytes or more. HS256. Pass either this or `privateKey`.
	 *
	 * @defaultValue none
	 */
	secret?: string | Uint8Array | undefined;
	/**
	 * PEM (PKCS#8), JWK or `CryptoKey`: RSA, P-256, P-384, P-521 or Ed25519.
	 *
	 * @defaultValue none
	 */
	privateKey?: string | JWK | CryptoKey | undefined;
	/**
	 * The algorithm to sign with.
	 *
	 * @defaultValue HS256, RS256, EdDSA, or the curve's own
	 */
	algorithm?: string | undefined;
	/**
	 * The token's `kid`, which names one key of a set.
	 *
	 * @defaultValue none
	 */
	keyId?: string | undefined;
	/**
	 * How long the token is valid and its stream lasts, in ms, rounded up to a whole second.
	 *
	 * @defaultValue `300_000`: five minutes
	 */
	expiresIn?: number | undefined;
	/**
	 * Channels that the token's bearer may publish to.
	 *
	 * @defaultValue none
	 */
	publish?: string | readonly string[] | undefined;
	/**
	 * Channels whose streams the token's bearer may end, at the hub.
	 *
	 * @defaultValue none
	 */
	disconnect?: string | readonly string[] | undefined;
	/**
	 * Channels whose members the token's bearer may see, at the hub.
	 *
	 * @defaultValue none
	 */
	members?: string | readonly string[] | undefined;
	/**
	 * The claim that names the channels; the same as the authorizer's.
	 *
	 * @defaultValue `channels`
	 */
	claim?: string | undefined;
	/**
	 * The token's `iss`.
	 *
	 * @defaultValue none
	 */
	issuer?: string | undefined;
	/**
	 * The token's `aud`.
	 *
	 * @defaultValue none
	 */
	audience?: string | readonly string[] | undefined;
	/**
	 * The token's `sub`: the user that it is for.
	 *
	 * @defaultValue none
	 */
	subject?: string | undefined;
}

/**
 * Makes a short-lived token for a query or a cookie.
 *
 * @example
 * ```ts
 * import { signChannels } from "edge-sse/auth";
 *
 * const token = await signChannels(["news", "users.42.*"], { secret, expiresIn: 60_000 });
 * ```
 *
 * @param channels the channels to subscribe to. A `*` at the end matches any rest.
 * @throws {TypeError} (the promise rejects) that names the argument and its rule.
 * @see https://www.rfc-editor.org/rfc/rfc7519
 */
export async function signChannels(
	channels: string | readonly string[],
	options: SignChannelsOptions,
): Promise<string> {
	const { expiresIn = 300_000, claim = "channels", keyId, issuer, audience, subject } = options;
	const subscribe = names("channels", channels);
	const more = (["publish", "disconnect", "members"] as const).flatMap((right) => {
		const list = names(right, options[right] ?? []);
		return list.length === 0 ? [] : [[right, list]];
	});
	if (subscribe.length + more.length === 0) {
		throw new TypeError("channels: at least one is needed, here or in `publish`.");
	}
	if (typeof expiresIn !== "number" || !Number.isFinite(expiresIn) || expiresIn <= 0) {
		throw new TypeError("expiresIn: must be a number of ms, more than 0.");
	}
	if (typeof claim !== "string" || registered.includes(claim) || claim === "") {
		throw new TypeError("claim: must not be a registered claim, such as sub.");
	}
	const { algorithm, load } = signingKey(options);
	const now = Date.now();
	const rights = more.length === 0 ? subscribe : { subscribe, ...Object.fromEntries(more) };
	const jwt = new SignJWT({ [claim]: rights })
		.setProtectedHeader({
			alg: algorithm,
			typ: "JWT",
			...(keyId === undefined ? {} : { kid: keyId }),
		})
		.setIssuedAt(Math.floor(now / 1_000))
		.setExpirationTime(Math.ceil((now + expiresIn) / 1_000));
	if (issuer !== undefined) jwt.setIssuer(issuer);
	if (audience !== undefined) jwt.setAudience([audience].flat());
	if (subject !== undefined) jwt.setSubject(subject);
	const token = await jwt.sign(await load());
	if (token.length > maxTokenLength) {
		throw new TypeError(
			`channels: make a token of ${token.length} characters; at most ${maxTokenLength} are read.`,
		);
	}
	return token;
}

/** https://www.rfc-editor.org/rfc/rfc7519#section-4.1 */
const registered = ["iss", "sub", "aud", "exp", "nbf", "iat", "jti"];

function names(name: string, value: string | readonly string[]): string[] {
	const list = typeof value === "string" ? [value] : value;
	const problem = namesProblem(list);
	if (problem !== undefined) throw new TypeError(`${name}: ${problem}`);
	return [...list];
}
