import { createHmac, generateKeyPairSync } from "node:crypto";
import { describe, expect, test } from "vitest";
import { jwtAuthorizer } from "../../../src/auth.ts";
import {
	ask,
	claims,
	granted,
	hs256,
	invalid,
	jwk,
	type Pair,
	type PairAlgorithm,
	pairAlgorithms,
	pairs,
	pkcs8,
	secret,
	signedBy,
	spki,
	token,
} from "./kit.ts";

const parameters: Record<PairAlgorithm, RsaHashedImportParams | EcKeyImportParams | Algorithm> = {
	RS256: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
	ES256: { name: "ECDSA", namedCurve: "P-256" },
	ES384: { name: "ECDSA", namedCurve: "P-384" },
	ES512: { name: "ECDSA", namedCurve: "P-521" },
	EdDSA: { name: "Ed25519" },
};
const cryptoKey = (algorithm: PairAlgorithm, pair: Pair = pairs[algorithm]) =>
	crypto.subtle.importKey("jwk", jwk(pair), parameters[algorithm], true, ["verify"]);

/** Other keys of the same kinds, to forge with. */
const impostors: Record<PairAlgorithm, Pair> = {
	RS256: generateKeyPairSync("rsa", { modulusLength: 2_048 }),
	ES256: generateKeyPairSync("ec", { namedCurve: "P-256" }),
	ES384: generateKeyPairSync("ec", { namedCurve: "P-384" }),
	ES512: generateKeyPairSync("ec", { namedCurve: "P-521" }),
	EdDSA: generateKeyPairSync("ed25519"),
};

describe.each(pairAlgorithms)("a key pair for %s", (algorithm) => {
	const pair = pairs[algorithm];
	const impostor = impostors[algorithm];

	test.each([
		["a PEM", () => spki(pair)],
		["a PEM with spaces around it", () => `\n  ${spki(pair)}\n`],
		["a JWK", () => jwk(pair)],
		["a JWK of one algorithm", () => jwk(pair, { alg: algorithm })],
		["a CryptoKey", () => cryptoKey(algorithm)],
	])("%s accepts its own tokens and no others", async (_, key) => {
		const authorize = jwtAuthorizer({ publicKey: await key() });
		const bearer = signedBy(pair, algorithm);
		expect(await ask(authorize, { bearer })).toMatchObject(granted);
		expect(await ask(authorize, { bearer })).toMatchObject(granted);
		expect(await ask(authorize, { bearer: signedBy(impostor, algorithm) })).toMatchObject(invalid);
		for (const foreign of pairAlgorithms.filter((name) => name !== algorithm)) {
			const bearer = signedBy(pairs[foreign], foreign);
			expect(await ask(authorize, { bearer }), foreign).toMatchObject(invalid);
		}
	});

	test("a token signed with the public key as an HMAC secret is refused", async () => {
		const publicKey = spki(pair);
		const authorize = jwtAuthorizer({ publicKey });
		const der = pair.publicKey.export({ type: "spki", format: "der" });
		for (const known of [publicKey, publicKey.trim(), der, JSON.stringify(jwk(pair))]) {
			expect(await ask(authorize, { bearer: hs256(claims(), known) })).toMatchObject(invalid);
		}
		expect(() => jwtAuthorizer({ publicKey, algorithms: ["HS256"] })).toThrow(
			'algorithms: "HS256" does not fit this key',
		);
		expect(() => jwtAuthorizer({ secret: publicKey })).toThrow("secret: must not be a PEM");
	});

	test("a private key in place of the public one is a TypeError", () => {
		expect(() => jwtAuthorizer({ publicKey: pkcs8(pair) })).toThrow("-----BEGIN PUBLIC KEY-----");
		const privateJwk = pair.privateKey.export({ format: "jwk" });
		expect(() => jwtAuthorizer({ publicKey: privateJwk })).toThrow("must be a public key");
	});
});

describe("algorithms", () => {
	test("an RSA key accepts PS256 besides RS256 unless `algorithms` forbids it", async () => {
		const bearer = signedBy(pairs.RS256, "PS256");
		const publicKey = spki(pairs.RS256);
		const authorize = jwtAuthorizer({ publicKey });
		for (const token of [signedBy(pairs.RS256, "RS256"), bearer, signedBy(pairs.RS256, "RS256")]) {
			expect(await ask(authorize, { bearer: token })).toMatchObject(granted);
		}
		const strict = jwtAuthorizer({ publicKey, algorithms: ["RS256"] });
		expect(await ask(strict, { bearer })).toMatchObject(invalid);
		const key = await cryptoKey("RS256");
		expect(await ask(jwtAuthorizer({ publicKey: key }), { bearer })).toMatchObject(invalid);
	});

	test("Ed25519 is accepted as the new name of EdDSA", async () => {
		const authorize = jwtAuthorizer({ publicKey: spki(pairs.EdDSA) });
		expect(await ask(authorize, { bearer: signedBy(pairs.EdDSA, "Ed25519") })).toMatchObject(
			granted,
		);
	});

	test.each(["HS384", "HS512"])(
		"a secret accepts HS256, and %s only when `algorithms` names it",
		async (alg) => {
			const long = secret.repeat(2);
			const mac = (input: string) =>
				createHmac(alg.replace("HS", "sha"), long).update(input).digest();
			const bearer = token({ alg }, claims(), mac);
			expect(await ask(jwtAuthorizer({ secret: long }), { bearer })).toMatchObject(invalid);
			const told = jwtAuthorizer({ secret: long, algorithms: [alg] });
			expect(await ask(told, { bearer })).toMatchObject(granted);
		},
	);
});

describe.each([
	["a secret", jwtAuthorizer({ secret }), hs256()],
	["a public key", jwtAuthorizer({ publicKey: spki(pairs.ES256) }), signedBy(pairs.ES256, "ES256")],
	[
		"a set of keys",
		jwtAuthorizer({ jwks: { keys: [jwk(pairs.ES256)] } as never }),
		signedBy(pairs.ES256, "ES256"),
	],
])("an authorizer with %s", (_, authorize, good) => {
	const [header = "", payload = "", signature = ""] = good.split(".");
	const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

	test("the valid token is accepted", async () => {
		expect(await ask(authorize, { bearer: good })).toMatchObject(granted);
	});

	test.each([
		["alg none", `${part({ alg: "none" })}.${payload}.`],
		["alg none and a signature", `${part({ alg: "none" })}.${payload}.${signature}`],
		["alg None", `${part({ alg: "None" })}.${payload}.${signature}`],
		["no alg", `${part({ typ: "JWT" })}.${payload}.${signature}`],
		["an alg that is a list", `${part({ alg: ["HS256"] })}.${payload}.${signature}`],
		[
			"an alg named like a property of Object.prototype",
			`${part({ alg: "constructor" })}.${payload}.${signature}`,
		],
		["no signature", `${header}.${payload}.`],
		["no signature, nor a dot", `${header}.${payload}`],
		["other claims", `${header}.${part(claims({ channels: ["*"] }))}.${signature}`],
		["a flipped signature", `${header}.${payload}.${flipped(signature)}`],
		["a signature cut short", `${header}.${payload}.${signature.slice(0, -4)}`],
		["a signature of zeros", `${header}.${payload}.${"A".repeat(86)}`],
		["one part more", `${good}.AAAA`],
		["four dots and a jwk in the header", `${part({ alg: "ES256", jwk: jwk(pairs.ES256) })}....`],
		[
			"a critical header that nobody knows",
			`${part({ alg: "HS256", crit: ["x"], x: 1 })}.${payload}.${signature}`,
		],
		["text that is no base64", "!.?.*"],
		["a header that is no JSON", `AAAA.${payload}.${signature}`],
		["nothing but dots", ".."],
	])("%s is refused", async (_, bearer) => {
		// Without a valid signature the answer gives no reason.
		const body = '{"error":"The token is not valid."}';
		expect(await ask(authorize, { bearer })).toEqual({ ...invalid, body });
	});
});

test("a key in the token's own header is ignored", async () => {
	const authorize = jwtAuthorizer({ jwks: { keys: [jwk(pairs.ES256)] } as never });
	const impostor = generateKeyPairSync("ec", { namedCurve: "P-256" });
	const bearer = signedBy(impostor, "ES256", claims(), {
		jwk: jwk(impostor),
		jku: "http://127.0.0.1",
	});
	expect(await ask(authorize, { bearer })).toMatchObject(invalid);
});

describe("a validly signed payload that is no claims object is refused", () => {
	const authorize = jwtAuthorizer({ secret });
	test.each([
		["text", "hello"],
		["a list", "[]"],
		["null", "null"],
		["nothing", ""],
		["half an object", '{"exp":'],
	])("%s", async (_, payload) => {
		expect(await ask(authorize, { bearer: hs256(payload) })).toMatchObject(invalid);
	});
});

describe("invalid keys", () => {
	const rsaPss = generateKeyPairSync("rsa-pss", { modulusLength: 2_048 });
	test.each([
		["a number", 7],
		["null", null],
		["an empty text", ""],
		["an empty object", {}],
		["a certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"],
		["a PEM of nothing", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"],
		["a PEM that is no base64", "-----BEGIN PUBLIC KEY-----\nA\n-----END PUBLIC KEY-----"],
		["a secret as a JWK", { kty: "oct", k: "AAAA" }],
		["a curve for key exchange only", jwk(generateKeyPairSync("x25519") as Pair)],
		["the curve secp256k1", jwk(generateKeyPairSync("ec", { namedCurve: "secp256k1" }))],
		["an RSA-PSS key in PEM", spki(rsaPss)],
		["a JWK for encryption", jwk(pairs.RS256, { alg: "RSA-OAEP" })],
	])("%s is a TypeError", (_, publicKey) => {
		const make = () => jwtAuthorizer({ publicKey: publicKey as never });
		expect(make).toThrow(TypeError);
		expect(make).toThrow("publicKey: ");
	});

	test("a key too short to be safe is a configuration error and not an invalid token", async () => {
		const short = generateKeyPairSync("rsa", { modulusLength: 1_024 });
		const authorize = jwtAuthorizer({ publicKey: spki(short) });
		await expect(ask(authorize, { bearer: signedBy(short, "RS256") })).rejects.toMatchObject({
			code: "configuration",
		});
	});
});

function flipped(signature: string): string {
	const at = Math.floor(signature.length / 2);
	return signature.slice(0, at) + (signature[at] === "A" ? "B" : "A") + signature.slice(at + 1);
}
