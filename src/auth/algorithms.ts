/**
 * Which algorithms go with which key: RFC 7518 (section 3.1) and RFC 8037. The operator's key
 * decides them, never the token: https://www.rfc-editor.org/rfc/rfc8725#section-3.1.
 */

/** The fewest bytes of a secret: the length of the hash, by RFC 7518 (section 3.2). */
export const secretBytes: Readonly<Record<string, number>> = { HS256: 32, HS384: 48, HS512: 64 };

/** A key signs with the first, unless told otherwise. */
const byKind = {
	RSA: ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
	"P-256": ["ES256"],
	"P-384": ["ES384"],
	"P-521": ["ES512"],
	Ed25519: ["EdDSA", "Ed25519"],
} as const;
type Kind = keyof typeof byKind;

/** All algorithms of public keys. Neither `none` nor a shared secret is among them. */
export const asymmetric: readonly string[] = /* @__PURE__ */ Object.values(byKind).flat();

export const keyRule = "RSA, an elliptic curve (P-256, P-384, P-521) or Ed25519";

/** For a key in DER (SPKI or PKCS#8). Undefined: an unsupported key. */
export function algorithmsOfDer(der: string): readonly string[] | undefined {
	// The kind comes first: an object identifier, and for a curve a second one.
	const start = [...der.slice(0, 40)]
		.map((byte) => byte.charCodeAt(0).toString(16).padStart(2, "0"))
		.join("");
	const found = identifiers.find(([identifier]) => start.includes(identifier));
	return found && byKind[found[1]];
}

const identifiers: readonly (readonly [string, Kind])[] = [
	["06092a864886f70d010101", "RSA"],
	["06082a8648ce3d030107", "P-256"],
	["06052b81040022", "P-384"],
	["06052b81040023", "P-521"],
	["06032b6570", "Ed25519"],
];

/** For a JWK, by its own fields. */
export function algorithmsOfJwk(jwk: {
	kty?: unknown;
	crv?: unknown;
	alg?: unknown;
}): readonly string[] | undefined {
	const { kty, crv, alg } = jwk;
	const kind = kty === "RSA" ? "RSA" : kty === "EC" || kty === "OKP" ? crv : undefined;
	if (typeof kind !== "string" || !Object.hasOwn(byKind, kind)) return undefined;
	if ((kty === "OKP") !== (kind === "Ed25519")) return undefined;
	const all: readonly string[] = byKind[kind as Kind];
	// Ed25519 has two names for one signature: Web Crypto exports one, most signers use the other.
	if (alg === undefined || (kind === "Ed25519" && all.includes(String(alg)))) return all;
	return typeof alg === "string" && all.includes(alg) ? [alg] : undefined;
}

/** For a `CryptoKey`, which is made for one algorithm. */
export function algorithmsOfCryptoKey(key: { algorithm: unknown }): readonly string[] | undefined {
	const { name, hash, namedCurve } = key.algorithm as {
		name: string;
		hash?: { name: string };
		namedCurve?: string;
	};
	if (name === "Ed25519") return byKind.Ed25519;
	if (name === "ECDSA") return algorithmsOfJwk({ kty: "EC", crv: namedCurve });
	const family = { "RSASSA-PKCS1-v1_5": "RS", "RSA-PSS": "PS" }[name];
	const algorithm = `${family}${hash?.name.replace("SHA-", "")}`;
	return asymmetric.includes(algorithm) ? [algorithm] : undefined;
}
