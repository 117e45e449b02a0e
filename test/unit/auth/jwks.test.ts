import { generateKeyPairSync } from "node:crypto";
import { afterEach, describe, expect, test, vi } from "vitest";
import { jwtAuthorizer } from "../../../src/auth.ts";
import { SseError } from "../../../src/core/errors.ts";
import { until } from "../../support/wait.ts";
import {
	ask,
	claims,
	granted,
	hs256,
	invalid,
	jwk,
	pairs,
	secret,
	signedBy,
	startKeyServer,
} from "./kit.ts";

afterEach(() => vi.useRealTimers());

const first = pairs.ES256;
const second = generateKeyPairSync("ec", { namedCurve: "P-256" });
const by = (pair: typeof first, kid?: string) =>
	signedBy(pair, "ES256", claims(), kid === undefined ? {} : { kid });

/** Moves the clock past the pause after which jose looks again for an unknown key. */
function later(ms: number): void {
	vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + ms });
}

describe("keys behind a URL", () => {
	test("are fetched once, at the first token", async () => {
		await using server = await startKeyServer([jwk(first, { kid: "1", use: "sig" })]);
		const authorize = jwtAuthorizer({ jwksUrl: server.url });
		expect(server.requests).toBe(0);
		const answers = await Promise.all(
			[1, 2, 3].map(() => ask(authorize, { bearer: by(first, "1") })),
		);
		expect(answers).toMatchObject([granted, granted, granted]);
		expect(await ask(authorize, { bearer: by(second, "1") })).toMatchObject(invalid);
		expect(server.requests).toBe(1);
	});

	test("are not fetched for a text that is no token, nor for an algorithm that no public key has", async () => {
		await using server = await startKeyServer();
		const authorize = jwtAuthorizer({ jwksUrl: server.url });
		const none = `${Buffer.from('{"alg":"none"}').toString("base64url")}.e30.`;
		for (const bearer of ["nonsense", "a.b.c", none, hs256(claims(), secret)]) {
			expect(await ask(authorize, { bearer })).toMatchObject(invalid);
		}
		expect(server.requests).toBe(0);
	});

	test("can be rotated: a new key id is looked up", async () => {
		await using server = await startKeyServer([jwk(first, { kid: "1" })]);
		const authorize = jwtAuthorizer({ jwksUrl: server.url });
		expect(await ask(authorize, { bearer: by(first, "1") })).toMatchObject(granted);
		server.keys = [jwk(second, { kid: "2" })];
		// Not at once: anybody can send unknown key ids.
		expect(await ask(authorize, { bearer: by(second, "2") })).toMatchObject(invalid);
		expect(server.requests).toBe(1);
		later(31_000);
		expect(await ask(authorize, { bearer: by(second, "2") })).toMatchObject(granted);
		expect(await ask(authorize, { bearer: by(first, "1") })).toMatchObject(invalid);
		expect(server.requests).toBe(2);
	});

	test("are all tried when the token names no key id", async () => {
		await using server = await startKeyServer([
			jwk(second, { kid: "2" }),
			jwk(pairs.RS256, { kid: "3" }),
			jwk(first, { kid: "1" }),
		]);
		const authorize = jwtAuthorizer({ jwksUrl: server.url });
		expect(await ask(authorize, { bearer: by(first) })).toMatchObject(granted);
		const bearer = signedBy(pairs.RS256, "RS256");
		expect(await ask(authorize, { bearer })).toMatchObject(granted);
		const third = generateKeyPairSync("ec", { namedCurve: "P-256" });
		expect(await ask(authorize, { bearer: by(third) })).toMatchObject(invalid);
		const expired = signedBy(first, "ES256", claims({ exp: 1 }));
		expect((await ask(authorize, { bearer: expired })).body).toContain("expired");
	});

	test("a secret or a private key in the set is never used", async () => {
		const k = Buffer.from(secret).toString("base64url");
		await using server = await startKeyServer([{ kty: "oct", k, alg: "HS256" }, jwk(first)]);
		const authorize = jwtAuthorizer({ jwksUrl: server.url });
		expect(await ask(authorize, { bearer: hs256() })).toMatchObject(invalid);
		expect(await ask(authorize, { bearer: by(first) })).toMatchObject(granted);
		server.keys = [second.privateKey.export({ format: "jwk" }) as Record<string, unknown>];
		const other = jwtAuthorizer({ jwksUrl: server.url });
		await expect(ask(other, { bearer: by(second) })).rejects.toThrow(SseError);
	});
});

describe("while the keys are unavailable", () => {
	const unavailable = { name: "SseError", code: "unavailable" };

	test("the authorizer rejects as unavailable, and works again once they can be fetched", async () => {
		await using server = await startKeyServer([jwk(first)]);
		const authorize = jwtAuthorizer({ jwksUrl: server.url, anonymous: ["news"] });
		const bearer = by(first);
		await server.down();
		await expect(ask(authorize, { bearer })).rejects.toMatchObject(unavailable);
		// A public channel needs no token, and so no keys.
		expect(await ask(authorize, { channels: ["news"] })).toMatchObject({ channels: ["news"] });
		await server.up();
		const back = await until(
			() =>
				ask(authorize, { bearer }).catch(
					(error: SseError) => void expect(error).toMatchObject(unavailable),
				),
			{ what: "the keys" },
		);
		expect(back).toMatchObject(granted);
	});

	test.each([
		["a status of 500", 500, []],
		["a redirect", 302, []],
		["text", 200, "<html>"],
		["JSON that is no set", 200, '{"keys":{}}'],
		["half a set", 200, '{"keys":['],
	])("an answer of %s is rejected as unavailable", async (_, status, keys) => {
		await using server = await startKeyServer(keys);
		server.status = status;
		const authorize = jwtAuthorizer({ jwksUrl: server.url });
		await expect(ask(authorize, { bearer: by(first) })).rejects.toMatchObject(unavailable);
	});

	test("they are fetched at most once a second, however many clients ask", async () => {
		await using server = await startKeyServer([jwk(first)]);
		server.status = 503;
		const authorize = jwtAuthorizer({ jwksUrl: server.url });
		const start = performance.now();
		for (let client = 0; client < 200; client++) {
			await expect(ask(authorize, { bearer: by(first) })).rejects.toMatchObject(unavailable);
		}
		const seconds = (performance.now() - start) / 1_000;
		expect(server.requests).toBeLessThanOrEqual(1 + Math.floor(seconds));
		server.status = 200;
		// The pause ends although clients keep asking.
		await until(() => ask(authorize, { bearer: by(first) }).catch(() => undefined), {
			what: "the keys, after the pause",
		});
	});

	test("known keys stay valid for ten minutes", async () => {
		await using server = await startKeyServer([jwk(first, { kid: "1" })]);
		const authorize = jwtAuthorizer({ jwksUrl: server.url });
		const bearer = by(first, "1");
		await ask(authorize, { bearer });
		await server.down();
		later(50_000);
		expect(await ask(authorize, { bearer })).toMatchObject(granted);
		// An unknown key id may be a new key, so the token is not called invalid.
		await expect(ask(authorize, { bearer: by(second, "2") })).rejects.toMatchObject(unavailable);
		expect(await ask(authorize, { bearer })).toMatchObject(granted);
		later(600_001);
		const current = signedBy(first, "ES256", claims(), { kid: "1" });
		await expect(ask(authorize, { bearer: current })).rejects.toMatchObject(unavailable);
	});
});

describe("the options jwksUrl and jwks", () => {
	test.each([
		["http://example.com/jwks"],
		["http://127.0.0.1.example.com/jwks"],
		["http://[::2]/jwks"],
		["ftp://127.0.0.1/jwks"],
		["file:///jwks.json"],
		["data:application/json,{}"],
		["//example.com/jwks"],
		["nonsense"],
		[""],
	])("%j is a TypeError", (jwksUrl) => {
		expect(() => jwtAuthorizer({ jwksUrl })).toThrow("jwksUrl: must be an https: URL");
	});

	test.each([
		["https://example.com/jwks"],
		["http://localhost:1/jwks"],
		["http://127.8.9.1/jwks"],
		["http://[::1]/jwks"],
		[new URL("https://example.com/jwks")],
	])("%s is accepted, and nothing is fetched yet", (jwksUrl) => {
		expect(jwtAuthorizer({ jwksUrl })).toBeTypeOf("function");
	});

	test("a URL with a password is a TypeError that does not show it", () => {
		const make = () => jwtAuthorizer({ jwksUrl: "https://me:hunter2@example.com/" });
		expect(make).toThrow("jwksUrl: must hold no user");
		expect(make).not.toThrow("hunter2");
	});

	test.each([
		["text", "keys"],
		["no keys", {}],
		["a key that is null", { keys: [null] }],
		["a private key", { keys: [first.privateKey.export({ format: "jwk" })] }],
		["a secret", { keys: [{ kty: "oct", k: "AAAA" }] }],
	])("a key set that is %s is a TypeError", (_, jwks) => {
		const make = () => jwtAuthorizer({ jwks: jwks as never });
		expect(make).toThrow(TypeError);
		expect(make).toThrow("jwks: must");
	});
});
