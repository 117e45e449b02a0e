import { createHmac, verify } from "node:crypto";
import { describe, expect, test } from "vitest";
import { jwtAuthorizer, jwtPublishAuthorizer, signChannels } from "../../../src/auth.ts";
import {
	ask,
	granted,
	invalid,
	jwk,
	now,
	pairAlgorithms,
	pairs,
	pkcs8,
	requestWith,
	secret,
	spki,
} from "./kit.ts";

function read(token: string) {
	const [header = "", payload = "", signature = ""] = token.split(".");
	const json = (part: string) => JSON.parse(Buffer.from(part, "base64url").toString());
	return {
		header: json(header),
		claims: json(payload),
		input: `${header}.${payload}`,
		signature: Buffer.from(signature, "base64url"),
	};
}

describe("signChannels()", () => {
	test("makes a standard JWT that is valid for five minutes", async () => {
		const before = now();
		const { header, claims, input, signature } = read(await signChannels("room.1", { secret }));
		expect(header).toEqual({ alg: "HS256", typ: "JWT" });
		expect(claims).toEqual({
			channels: ["room.1"],
			iat: expect.toSatisfy((iat) => iat >= before && iat <= now()),
			exp: expect.toSatisfy((exp) => exp >= before + 300 && exp <= now() + 301),
		});
		expect(signature).toEqual(createHmac("sha256", secret).update(input).digest());
	});

	test("writes every option into the token", async () => {
		const token = await signChannels(["a", "b.*"], {
			secret,
			publish: "c",
			disconnect: ["d"],
			members: "*",
			claim: "https://example.com/channels",
			issuer: "me",
			audience: ["x", "y"],
			subject: "user-42",
			keyId: "2026",
			expiresIn: 1,
		});
		expect(read(token)).toMatchObject({
			header: { kid: "2026" },
			claims: {
				"https://example.com/channels": {
					...{ subscribe: ["a", "b.*"], publish: ["c"] },
					...{ disconnect: ["d"], members: ["*"] },
				},
				iss: "me",
				aud: ["x", "y"],
				sub: "user-42",
			},
		});
		const { exp, iat } = read(token).claims;
		expect([1, 2]).toContain(exp - iat);
	});

	test("makes tokens that both authorizers accept", async () => {
		const options = { secret, issuer: "me", audience: "sse" };
		const token = await signChannels("room.*", { ...options, publish: ["room.1"] });
		expect(await ask(jwtAuthorizer(options), { bearer: token })).toMatchObject(granted);
		const request = requestWith({ bearer: token });
		expect(await jwtPublishAuthorizer(options)(request, "room.1")).toBe(true);
		expect(await jwtPublishAuthorizer(options)(request, "room.2")).toBeInstanceOf(Response);
	});

	test("makes tokens that need no encoding in a query or a cookie", async () => {
		const token = await signChannels(["чат", "😀"], { secret });
		expect(token).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
		const authorize = jwtAuthorizer({ secret, query: "token" });
		const asked = { query: `token=${token}`, channels: ["чат", "😀"] };
		expect(await ask(authorize, asked)).toMatchObject({ channels: ["чат", "😀"] });
	});

	test.each(pairAlgorithms)("signs with a private key of %s", async (algorithm) => {
		const pair = pairs[algorithm];
		const authorize = jwtAuthorizer({ publicKey: spki(pair) });
		for (const privateKey of [pkcs8(pair), pair.privateKey.export({ format: "jwk" })]) {
			const token = await signChannels("room.1", { privateKey });
			const { header, input, signature } = read(token);
			expect(header.alg).toBe(algorithm);
			const hash =
				algorithm === "EdDSA" ? null : `sha${{ 384: 384, 512: 512 }[algorithm.slice(2)] ?? 256}`;
			const key = { key: pair.publicKey, dsaEncoding: "ieee-p1363" as const };
			expect(verify(hash, Buffer.from(input), key, signature)).toBe(true);
			expect(await ask(authorize, { bearer: token })).toMatchObject(granted);
		}
	});

	test("signs with a CryptoKey and with the given algorithm", async () => {
		const { publicKey, privateKey } = await crypto.subtle.generateKey({ name: "Ed25519" }, false, [
			"sign",
			"verify",
		]);
		const bearer = await signChannels("room.1", { privateKey, algorithm: "Ed25519" });
		expect(read(bearer).header.alg).toBe("Ed25519");
		expect(await ask(jwtAuthorizer({ publicKey }), { bearer })).toMatchObject(granted);
		expect(await ask(jwtAuthorizer({ secret }), { bearer })).toMatchObject(invalid);
	});

	const short = "x".repeat(31);
	test.each([
		["no channel", [], { secret }, "channels: at least one"],
		["an empty channel", [""], { secret }, "channels: a name must be"],
		["a number", 1, { secret }, "channels: must be an array"],
		["a bad name to publish", "a", { secret, publish: [1] }, "publish: a name must be"],
		["a bad name to end", "a", { secret, disconnect: [""] }, "disconnect: a name must be"],
		["bad members", "a", { secret, members: 7 }, "members: must be an array"],
		[
			"a token that would not be read",
			Array.from({ length: 200 }, (_, at) => `${at}`.padEnd(60)),
			{ secret },
			"at most 8192",
		],
		["no key", "a", {}, "secret, privateKey: exactly one"],
		[
			"two keys",
			"a",
			{ secret, privateKey: pkcs8(pairs.ES256) },
			"secret, privateKey: exactly one",
		],
		["a short secret", "a", { secret: short }, "secret: must have at least 32 bytes"],
		["a public key", "a", { privateKey: spki(pairs.ES256) }, "privateKey: a PEM must begin with"],
		["a public JWK", "a", { privateKey: jwk(pairs.ES256) }, "privateKey: must be a private key"],
		["another algorithm", "a", { secret, algorithm: "RS256" }, "algorithm: does not fit"],
		['the algorithm "none"', "a", { secret, algorithm: "none" }, "algorithm: does not fit"],
		["an expiresIn of 0", "a", { secret, expiresIn: 0 }, "expiresIn: must be"],
		[
			"an infinite expiresIn",
			"a",
			{ secret, expiresIn: Number.POSITIVE_INFINITY },
			"expiresIn: must be",
		],
		["an expiresIn in words", "a", { secret, expiresIn: "5m" }, "expiresIn: must be"],
		["a claim that is the expiry", "a", { secret, claim: "exp" }, "claim: must not be"],
	])("%s is a TypeError", async (_, channels, options, message) => {
		const made = signChannels(channels as never, options as never);
		await expect(made).rejects.toThrow(TypeError);
		await expect(made).rejects.toThrow(message);
	});
});
