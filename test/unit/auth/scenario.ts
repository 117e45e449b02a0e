import { jwtAuthorizer, jwtPublishAuthorizer, signChannels } from "../../../src/auth.ts";
import type { Grant } from "../../../src/core/request/authorize.ts";

/** The scenario that `main.ts` and `worker.ts` run on every runtime. Its report must be the same everywhere. */
export async function scenario(jwksUrl: string, remoteToken: string): Promise<string[]> {
	const report: string[] = [];
	const asked = (token: string, channel = "room.1") => {
		const headers = { cookie: `a=1; token="${token}"` };
		return [new Request("http://127.0.0.1/", { headers }), [channel]] as const;
	};
	const told = async (what: string, answer: unknown) => {
		const outcome =
			answer instanceof Response
				? `${answer.status} ${answer.headers.get("www-authenticate")}`
				: answer === true || (answer as Grant).channels?.join();
		report.push(`${what}: ${outcome}`);
	};

	const { subtle } = crypto;
	const usages = ["sign", "verify"] as const;
	const rsa = { modulusLength: 2_048, publicExponent: new Uint8Array([1, 0, 1]), hash: "SHA-256" };
	const pairs = {
		RS256: await subtle.generateKey({ name: "RSASSA-PKCS1-v1_5", ...rsa }, true, usages),
		PS256: await subtle.generateKey({ name: "RSA-PSS", ...rsa }, true, usages),
		ES256: await subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, usages),
		ES384: await subtle.generateKey({ name: "ECDSA", namedCurve: "P-384" }, true, usages),
		EdDSA: await subtle.generateKey({ name: "Ed25519" }, true, usages),
	} as Record<string, CryptoKeyPair>;

	for (const [algorithm, { publicKey, privateKey }] of Object.entries(pairs)) {
		const token = await signChannels("room.*", { privateKey });
		const spki = btoa(
			String.fromCharCode(...new Uint8Array(await subtle.exportKey("spki", publicKey))),
		);
		const forms = {
			CryptoKey: publicKey,
			JWK: await subtle.exportKey("jwk", publicKey),
			// A PEM names no algorithm of an RSA key: the token does.
			PEM: `-----BEGIN PUBLIC KEY-----\n${spki}\n-----END PUBLIC KEY-----`,
		};
		for (const [form, key] of Object.entries(forms)) {
			const authorize = jwtAuthorizer({ publicKey: key as CryptoKey, cookie: "token" });
			await told(`${algorithm} by ${form}`, await authorize(...asked(token)));
			await told(`${algorithm} tampered`, await authorize(...asked(tampered(token))));
		}
	}

	const secret = "a secret of more than 32 bytes: é😀";
	const authorize = jwtAuthorizer({ secret, cookie: "token", anonymous: ["news"] });
	const good = await signChannels(["room.1", "чат"], { secret, publish: "room.1" });
	await told("HS256", await authorize(...asked(good, "чат")));
	await told("another channel", await authorize(...asked(good, "room.2")));
	await told(
		"another key",
		await authorize(...asked(await signChannels("*", { secret: `${secret}!` }))),
	);
	await told("no token", await authorize(new Request("http://127.0.0.1/"), ["room.1"]));
	await told("public", await authorize(new Request("http://127.0.0.1/"), ["news"]));
	const bearer = { headers: { authorization: `Bearer ${good}` } };
	const post = new Request("http://127.0.0.1/", { method: "POST", ...bearer });
	await told("publish", await jwtPublishAuthorizer({ secret })(post, "room.1"));

	const remote = jwtAuthorizer({ jwksUrl, cookie: "token" });
	await told("keys behind a URL", await remote(...asked(remoteToken)));
	const nobody = jwtAuthorizer({ jwksUrl: "http://127.0.0.1:1/", cookie: "token" });
	await told(
		"nobody behind the URL",
		await Promise.resolve(nobody(...asked(remoteToken))).catch((error: { code: string }) =>
			Response.json({}, { status: 503, headers: { "www-authenticate": error.code } }),
		),
	);
	return report;
}

function tampered(token: string): string {
	const at = token.lastIndexOf(".") + 10;
	return token.slice(0, at) + (token[at] === "A" ? "B" : "A") + token.slice(at + 1);
}
