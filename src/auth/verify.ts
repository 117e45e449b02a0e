import { errors, type JWTPayload, jwtVerify } from "jose";
import { ConfigurationError, SseError } from "../core/errors.ts";
import { type Rights, rightsOf } from "./claim.ts";
import { type KeySource, verificationKeys } from "./keys.ts";
import { refuse } from "./refusal.ts";
import { maxTokenLength, presentedToken, type TokenPlaces } from "./token.ts";

/** How tokens are checked. */
export interface JwtOptions extends KeySource {
	/**
	 * The accepted `iss` of a token, one or several. A value of `undefined` is a `TypeError`.
	 *
	 * @defaultValue any
	 */
	issuer?: string | readonly string[];
	/**
	 * The accepted `aud` of a token, one or several. A value of `undefined` is a `TypeError`.
	 *
	 * @defaultValue any
	 */
	audience?: string | readonly string[];
	/**
	 * The accepted signature algorithms. `none` is never accepted, nor is HS with a public key.
	 *
	 * @defaultValue HS256 for a secret; all that a public key supports; RS, PS, ES and EdDSA for
	 *   a set of keys
	 */
	algorithms?: readonly string[] | undefined;
	/**
	 * How far the signer's clock may be off, in ms.
	 *
	 * @defaultValue `5_000`
	 */
	clockTolerance?: number | undefined;
	/**
	 * The claim that names the channels.
	 *
	 * @defaultValue `channels`
	 */
	claim?: string | undefined;
	/**
	 * Whether a token without `exp` is refused: such a token could never be taken back.
	 *
	 * @defaultValue `true`
	 */
	requireExpiry?: boolean | undefined;
}

/** What a token proves. */
export interface Proof {
	rights: Rights;
	/** When it expires, in ms since 1970. Undefined: never. */
	expires: number | undefined;
	/** Whose it is: its `sub`, as far as that is text. */
	subject: string | undefined;
}

const proofs = /* @__PURE__ */ new WeakMap<Request, Proof>();

/** What the token of a request proved. Undefined: it has none, or was not checked yet. */
export function proofOf(request: Request): Proof | undefined {
	return proofs.get(request);
}

/**
 * Checks the token of a request. Resolves to its proof, to an answer that refuses it, or to
 * undefined when there is no token.
 */
export type TokenCheck = (request: Request) => Promise<Proof | Response | undefined>;

/** @throws {TypeError} that names the option and its rule. */
export function tokenCheck(options: JwtOptions, places: TokenPlaces): TokenCheck {
	const { clockTolerance = 5_000, claim = "channels", requireExpiry = true } = options;
	const { find, algorithms } = verificationKeys(options);
	const verifyOptions = {
		algorithms,
		clockTolerance: checkedTolerance(clockTolerance) / 1_000,
		requiredClaims: requireExpiry ? ["exp"] : [],
		...expected(options, "issuer"),
		...expected(options, "audience"),
	};
	if (typeof claim !== "string" || claim === "") {
		throw new TypeError("claim: must be a string that is not empty.");
	}

	return async (request) => {
		const presented = presentedToken(request, places);
		if (presented === undefined) return undefined;
		if (presented === "repeated") return refuse("invalid_request", "There is more than one token.");
		const { token } = presented;
		if (token.length > maxTokenLength) {
			return refuse("invalid_token", `A token has at most ${maxTokenLength} characters.`);
		}
		const claims = await verified(token, find, verifyOptions);
		if (typeof claims === "string") return refuse("invalid_token", claims);
		const rights = rightsOf(claims, claim);
		if (rights === undefined) {
			return refuse("invalid_token", "The token's list of channels is malformed.");
		}
		const expires = claims.exp === undefined ? undefined : Math.floor(claims.exp * 1_000);
		if (expires !== undefined && !Number.isSafeInteger(expires)) {
			return refuse("invalid_token", "The token's exp is out of range.");
		}
		const subject = typeof claims.sub === "string" ? claims.sub : undefined;
		const proof = { rights, expires, subject };
		proofs.set(request, proof);
		return proof;
	};
}

type Find = ReturnType<typeof verificationKeys>["find"];
type VerifyOptions = NonNullable<Parameters<typeof jwtVerify>[2]>;

/**
 * The claims, or a text of ours that says why the token is refused. jose's errors may carry all
 * the claims.
 *
 * @throws {SseError} when the token cannot be judged.
 */
async function verified(
	token: string,
	find: Find,
	options: VerifyOptions,
): Promise<JWTPayload | string> {
	try {
		return (await jwtVerify(token, find, options)).payload;
	} catch (error) {
		if (error instanceof errors.JWKSMultipleMatchingKeys) {
			return withAnyOf(error, token, options);
		}
		return reason(error);
	}
}

/** Several keys of a set may fit a token without a key id. At most one of them has signed it. */
async function withAnyOf(
	keys: errors.JWKSMultipleMatchingKeys,
	token: string,
	options: VerifyOptions,
): Promise<JWTPayload | string> {
	for await (const key of keys) {
		try {
			return (await jwtVerify(token, key, options)).payload;
		} catch (error) {
			// Not signed by this key, but maybe by the next.
			if (!(error instanceof errors.JWSSignatureVerificationFailed)) return reason(error);
		}
	}
	return invalid;
}

const invalid = "The token is not valid.";

function reason(error: unknown): string {
	if (error instanceof SseError) throw error;
	// The signature was right, so the token's holder may know what else is wrong.
	if (error instanceof errors.JWTExpired) return "The token has expired.";
	if (error instanceof errors.JWTClaimValidationFailed) {
		return `The token's ${error.claim} is missing or unexpected.`;
	}
	if (error instanceof errors.JOSEError) return invalid;
	// The key is too short, or not for signatures. It can check no token.
	throw new ConfigurationError("Tokens cannot be checked with this key.", { cause: error });
}

function checkedTolerance(tolerance: unknown): number {
	if (typeof tolerance === "number" && Number.isFinite(tolerance) && tolerance >= 0) {
		return tolerance;
	}
	throw new TypeError("clockTolerance: must be a number of ms, 0 or more.");
}

/**
 * An option that is present but undefined was meant to be set. Without it, every token would
 * pass.
 */
function expected(options: JwtOptions, name: "issuer" | "audience"): Record<string, string[]> {
	if (!(name in options)) return {};
	const values: unknown[] = [options[name]].flat();
	if (
		values.length > 0 &&
		values.every((value): value is string => typeof value === "string" && value !== "")
	) {
		return { [name]: values };
	}
	throw new TypeError(
		`${name}: must be a string that is not empty, or an array of such; to accept any, leave it out.`,
	);
}
