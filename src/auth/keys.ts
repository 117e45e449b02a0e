import {
	type CryptoKey,
	createLocalJWKSet,
	type JSONWebKeySet,
	type JWK,
	type JWTVerifyGetKey,
} from "jose";
import { asymmetric, keyRule } from "./algorithms.ts";
import { remoteKeys } from "./jwks.ts";
import { type KeyMaterial, pairMaterial, secretMaterial } from "./key-material.ts";

/** The keys that check tokens: exactly one of these options. */
export interface KeySource {
	/**
	 * Shared with the signer: 32 random bytes or more (a string counts in UTF-8). HS256.
	 *
	 * @defaultValue none
	 */
	secret?: string | Uint8Array | undefined;
	/**
	 * PEM (SPKI), JWK or `CryptoKey`: RSA, P-256, P-384, P-521 or Ed25519.
	 *
	 * @defaultValue none
	 */
	publicKey?: string | JWK | CryptoKey | undefined;
	/**
	 * Where an identity provider publishes its keys, https: (http: on loopback only). They are
	 * fetched with the first token and again after 10 minutes. An unknown key id also fetches
	 * them, at most every 30 s. A fetch may take 5 s.
	 *
	 * @defaultValue none
	 */
	jwksUrl?: string | URL | undefined;
	/**
	 * The same set of public keys, already loaded.
	 *
	 * @defaultValue none
	 */
	jwks?: JSONWebKeySet | undefined;
}

export interface VerificationKeys {
	algorithms: string[];
	/**
	 * The key for a token's header. Its errors are jose's, except when the set cannot be fetched.
	 */
	find: JWTVerifyGetKey;
}

/** @throws {TypeError} that names the option and its rule. */
export function verificationKeys(
	source: KeySource & { algorithms?: readonly string[] | undefined },
): VerificationKeys {
	const { secret, publicKey, jwksUrl, jwks, algorithms } = source;
	const given = [secret, publicKey, jwksUrl, jwks].filter((option) => option !== undefined);
	if (given.length !== 1) {
		throw new TypeError(
			`secret, publicKey, jwksUrl, jwks: exactly one of them is needed, got ${given.length}.`,
		);
	}
	if (secret !== undefined) {
		const material = secretMaterial(secret);
		return { algorithms: pinned(algorithms, material.algorithms, ["HS256"]), find: one(material) };
	}
	if (publicKey !== undefined) {
		const material = pairMaterial("publicKey", publicKey);
		return { algorithms: pinned(algorithms, material.algorithms), find: one(material) };
	}
	return {
		algorithms: pinned(algorithms, asymmetric),
		find: jwksUrl === undefined ? localKeys(jwks) : remoteKeys(jwksUrl),
	};
}

// jose has already checked the token's algorithm against the pinned ones.
function one(material: KeyMaterial): JWTVerifyGetKey {
	return ({ alg }) => material.load(alg ?? "");
}

function localKeys(jwks: JSONWebKeySet | undefined): JWTVerifyGetKey {
	for (const key of Array.isArray(jwks?.keys) ? jwks.keys : []) {
		const { k, d, priv } = (key ?? {}) as JWK;
		if (k === undefined && d === undefined && priv === undefined) continue;
		throw new TypeError("jwks: must hold public keys only.");
	}
	try {
		return createLocalJWKSet(jwks as JSONWebKeySet);
	} catch {
		// jose says no more than this, and its error may hold the set.
		throw new TypeError('jwks: must be a JSON Web Key Set: { "keys": [ … ] }.');
	}
}

/** The accepted algorithms. The key must support each of them. */
function pinned(
	asked: readonly string[] | undefined,
	possible: readonly string[],
	fallback: readonly string[] = possible,
): string[] {
	if (asked === undefined) return [...fallback];
	if (!Array.isArray(asked) || asked.length === 0) {
		throw new TypeError("algorithms: must be an array that is not empty.");
	}
	const wrong = asked.find((algorithm) => !possible.includes(algorithm));
	if (wrong === undefined) return [...asked];
	throw new TypeError(
		`algorithms: ${JSON.stringify(wrong)} does not fit this key; use ${possible.join(", ")}.`,
	);
}

/** The key to sign with: a secret, or the private half of a pair. */
export function signingKey(source: {
	secret?: string | Uint8Array | undefined;
	privateKey?: string | JWK | CryptoKey | undefined;
	algorithm?: string | undefined;
}): { algorithm: string; load(): ReturnType<KeyMaterial["load"]> } {
	const { secret, privateKey, algorithm } = source;
	if ((secret === undefined) === (privateKey === undefined)) {
		throw new TypeError("secret, privateKey: exactly one of them is needed.");
	}
	const material =
		secret === undefined ? pairMaterial("privateKey", privateKey) : secretMaterial(secret);
	const [first] = material.algorithms;
	const chosen = algorithm ?? first;
	if (chosen === undefined || !material.algorithms.includes(chosen)) {
		throw new TypeError(
			`algorithm: does not fit this key; use ${material.algorithms.join(", ") || keyRule}.`,
		);
	}
	return { algorithm: chosen, load: () => material.load(chosen) };
}
