import { generateKeyPairSync } from "node:crypto";
import { inspect } from "node:util";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { jwtAuthorizer, jwtPublishAuthorizer, signChannels } from "../../../src/auth.ts";
import {
	claims,
	hs256,
	now,
	pairs,
	pkcs8,
	requestWith,
	secret,
	signedBy,
	spki,
	startKeyServer,
} from "./kit.ts";

/** No answer, error or log line shows any part of the token, of its claims or of a key. */

const marks = ["Zm9vbWFyaw", "marked-claim", "marked-channel", secret, "PRIVATE KEY"];
const marked = (more: Record<string, unknown> = {}) =>
	claims({ name: "marked-claim", channels: ["marked-channel"], ...more });

const consoleMethods = ["log", "info", "warn", "error", "debug", "trace"] as const;
beforeEach(() => {
	for (const method of consoleMethods) vi.spyOn(console, method);
});
afterEach(() => {
	for (const method of consoleMethods) expect(console[method]).not.toHaveBeenCalled();
	vi.restoreAllMocks();
});

/** Everything visible of a value: an error with its stack, its causes and its hidden fields. */
async function seen(value: unknown): Promise<string> {
	if (!(value instanceof Response)) return inspect(value, { depth: 20, showHidden: true });
	return inspect([...value.headers]) + (await value.text());
}

const impostor = generateKeyPairSync("ec", { namedCurve: "P-256" });
const short = generateKeyPairSync("rsa", { modulusLength: 1_024 });

/** The parts of a token; none of them may be shown. */
const parts = (token: string) => token.split(".").filter((part) => part.length > 8);

const set = (...keys: unknown[]) => ({ jwks: { keys } as never });
const elsewhere = { jwksUrl: "http://127.0.0.1:1/" };
const jwkOf = ({ publicKey }: typeof impostor) => publicKey.export({ format: "jwk" });

test.each([
	["expired", { secret }, hs256(marked({ exp: now() - 99 }))],
	["too early", { secret }, hs256(marked({ nbf: now() + 99 }))],
	["without an expiry", { secret }, hs256(marked({ exp: undefined }))],
	["of another audience", { secret, audience: "a" }, hs256(marked({ aud: "marked-claim" }))],
	["of another issuer", { secret, issuer: "a" }, hs256(marked({ iss: "marked-claim" }))],
	["forged", { secret }, hs256(marked(), "some other secret of 32 bytes or more")],
	[
		"malformed in its claim",
		{ secret },
		hs256(marked({ channels: { subscribe: "marked-channel" } })),
	],
	["for other channels", { secret }, hs256(marked())],
	["no JSON", { secret }, hs256("marked-claim")],
	["of another algorithm", { secret }, signedBy(pairs.ES256, "ES256", marked())],
	["of a key in no set", set(jwkOf(pairs.RS256)), signedBy(impostor, "ES256", marked())],
	[
		"of none of several",
		set(jwkOf(pairs.ES256), jwkOf(pairs.ES256)),
		signedBy(impostor, "ES256", marked()),
	],
	["of a key too short", { publicKey: spki(short) }, signedBy(short, "RS256", marked())],
	["of a key too short in a set", set(jwkOf(short)), signedBy(short, "RS256", marked())],
	["of keys that cannot be had", elsewhere, signedBy(impostor, "ES256", marked())],
	["text", { secret }, "marked-claim Zm9vbWFyaw"],
	["too long", { secret }, "Zm9vbWFyaw".repeat(1_000)],
])("a token that is %s is not shown in the answer or the error", async (_, options, token) => {
	const decide = [
		(request: Request) => jwtAuthorizer(options)(request, ["room.1"]),
		(request: Request) => jwtPublishAuthorizer(options)(request, "room.1"),
	];
	for (const ask of decide) {
		const outcome = await Promise.resolve(ask(requestWith({ bearer: token }))).catch(
			(error: unknown) => error,
		);
		const text = await seen(outcome);
		expect(text).toMatch(/error/i);
		for (const mark of [...marks, ...parts(token)]) expect(text).not.toContain(mark);
	}
});

test("a key endpoint that answers with the token's own text does not put it into the error", async () => {
	await using server = await startKeyServer("marked-claim");
	const bearer = signedBy(impostor, "ES256", marked(), { kid: "Zm9vbWFyaw" });
	const error = await Promise.resolve(
		jwtAuthorizer({ jwksUrl: server.url })(requestWith({ bearer }), ["a"]),
	).catch((error: unknown) => error);
	const text = await seen(error);
	for (const mark of [...parts(bearer), "Zm9vbWFyaw"]) expect(text).not.toContain(mark);
});

test.each([
	["a short secret", { secret: "marked-claim" }],
	[
		"a broken PEM",
		{ privateKey: "-----BEGIN PRIVATE KEY-----\nmarked-claim\n-----END PRIVATE KEY-----" },
	],
	["a PEM that is none", { privateKey: pkcs8(pairs.ES256).slice(0, -20) }],
	["a JWK of nothing", { privateKey: { kty: "EC", crv: "P-999", d: "marked-claim" } }],
	[
		"a JWK that is broken",
		{ privateKey: { kty: "EC", crv: "P-256", d: "marked-claim", x: "a", y: "b" } },
	],
	["two keys", { secret, privateKey: pkcs8(pairs.ES256) }],
	["a secret for RS256", { secret, algorithm: "RS256" }],
])("signing with %s: the error shows no secret and no key", async (_, options) => {
	const error = await signChannels("room.1", options as never).catch((error: unknown) => error);
	expect(error).toBeInstanceOf(Error);
	const text = await seen(error);
	const body = pkcs8(pairs.ES256).split("\n")[1] ?? "";
	for (const mark of ["marked-claim", secret, body]) expect(text).not.toContain(mark);
});
