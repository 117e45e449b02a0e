import { describe, expect, test } from "vitest";
import { jwtAuthorizer } from "../../../src/auth.ts";
import { ask, claims, granted, hs256, invalid, now, secret } from "./kit.ts";

const authorize = jwtAuthorizer({ secret });

describe("a valid token", () => {
	test("gets its channels until it expires", async () => {
		const exp = now() + 90;
		expect(await ask(authorize, { bearer: hs256(claims({ exp })) })).toEqual({
			channels: ["room.1"],
			expires: exp * 1_000,
		});
	});

	test("gets the requested channels in the requested order, and no other that it allows", async () => {
		const bearer = hs256(claims({ channels: ["a", "b", "users.42.*", "c"] }));
		const channels = ["users.42.inbox", "b", "a"];
		expect(await ask(authorize, { bearer, channels })).toMatchObject({ channels });
	});

	test("is refused when it allows only some of the requested channels", async () => {
		const answer = await ask(authorize, { bearer: hs256(), channels: ["room.1", "room.2"] });
		expect(answer).toMatchObject({ status: 403, challenge: 'Bearer error="insufficient_scope"' });
		// The answer does not say which channel was refused.
		expect(answer.body).not.toContain("room");
	});

	test("gets the allowed part with `partial`, and is refused when no channel is allowed", async () => {
		const partial = jwtAuthorizer({ secret, partial: true });
		const bearer = hs256();
		expect(await ask(partial, { bearer, channels: ["room.2", "room.1"] })).toMatchObject(granted);
		expect(await ask(partial, { bearer, channels: ["room.2"] })).toMatchObject({ status: 403 });
	});

	test("is read by the claim that the option names", async () => {
		const claim = "https://example.com/channels";
		const named = jwtAuthorizer({ secret, claim });
		const bearer = hs256({ exp: now() + 60, [claim]: ["room.1"] });
		expect(await ask(named, { bearer })).toMatchObject(granted);
		expect(await ask(authorize, { bearer })).toMatchObject({ status: 403 });
	});

	test.each([
		["an object without lists", {}],
		["a right to publish only", { publish: ["*"] }],
		["an empty list", []],
	])("allows no channel with %s", async (_, channels) => {
		expect(await ask(authorize, { bearer: hs256(claims({ channels })) })).toMatchObject({
			status: 403,
		});
	});

	test("subscribes by `subscribe`, and other fields of the object are ignored", async () => {
		const channels = { subscribe: ["room.1"], publish: [], payload: { name: "Ada" } };
		expect(await ask(authorize, { bearer: hs256(claims({ channels })) })).toMatchObject(granted);
	});
});

describe("expiry and clock tolerance", () => {
	test.each([
		["expired within the tolerance: granted", { exp: now() - 3 }, granted],
		["expired beyond it: refused", { exp: now() - 10 }, invalid],
		["not yet valid, within the tolerance: granted", { nbf: now() + 3 }, granted],
		["not yet valid, beyond it: refused", { nbf: now() + 60 }, invalid],
		["without an expiry: refused", { exp: undefined }, invalid],
		["with an expiry that is no number: refused", { exp: String(now() + 60) }, invalid],
		["with an expiry beyond all time: refused", { exp: 1e300 }, invalid],
		["with a null expiry: refused", { exp: null }, invalid],
	])("%s", async (_, more, answer) => {
		expect(await ask(authorize, { bearer: hs256(claims(more)) })).toMatchObject(answer);
	});

	test("an infinite expiry is refused", async () => {
		const bearer = hs256('{"exp":1e999,"channels":["room.1"]}');
		expect(await ask(authorize, { bearer })).toMatchObject(invalid);
	});

	test("clockTolerance is in milliseconds", async () => {
		const strict = jwtAuthorizer({ secret, clockTolerance: 0 });
		const lax = jwtAuthorizer({ secret, clockTolerance: 60_000 });
		expect(await ask(strict, { bearer: hs256(claims({ exp: now() - 1 })) })).toMatchObject(invalid);
		const bearer = hs256(claims({ exp: now() - 50 }));
		expect(await ask(lax, { bearer })).toMatchObject(granted);
		expect(await ask(lax, { bearer: hs256(claims({ exp: now() - 70 })) })).toMatchObject(invalid);
	});

	test('the answer says "expired" only when the signature is valid', async () => {
		const old = claims({ exp: now() - 100 });
		expect((await ask(authorize, { bearer: hs256(old) })).body).toContain("expired");
		const forged = hs256(old, "another secret of more than 32 bytes");
		expect((await ask(authorize, { bearer: forged })).body).not.toContain("expired");
	});

	test("a token without an expiry is granted for ever when requireExpiry is false", async () => {
		const lax = jwtAuthorizer({ secret, requireExpiry: false });
		const bearer = hs256({ channels: ["*"] });
		expect(await ask(lax, { bearer })).toEqual({ channels: ["room.1"], expires: undefined });
		expect(await ask(lax, { bearer: hs256(claims({ exp: now() - 10 })) })).toMatchObject(invalid);
	});
});

describe("issuer and audience", () => {
	const picky = jwtAuthorizer({ secret, issuer: "https://a.example/", audience: ["x", "y"] });
	const iss = "https://a.example/";

	test.each([
		["both right: granted", { iss, aud: "x" }, granted],
		["one of several audiences: granted", { iss, aud: ["z", "y"] }, granted],
		["another issuer: refused", { iss: "https://b.example/", aud: "x" }, invalid],
		["an issuer that only begins so: refused", { iss: `${iss}evil`, aud: "x" }, invalid],
		["another audience: refused", { iss, aud: "z" }, invalid],
		["no issuer: refused", { aud: "x" }, invalid],
		["no audience: refused", { iss }, invalid],
		["an empty list of audiences: refused", { iss, aud: [] }, invalid],
		["an issuer in a list: refused", { iss: [iss], aud: "x" }, invalid],
	])("%s", async (_, more, answer) => {
		expect(await ask(picky, { bearer: hs256(claims(more)) })).toMatchObject(answer);
	});
});

describe("without a token", () => {
	const open = jwtAuthorizer({ secret, anonymous: ["news", "public.*"] });

	test("the answer is a 401 with a challenge and JSON, and is not cached", async () => {
		const response = await authorize(new Request("http://127.0.0.1/"), ["room.1"]);
		if (!(response instanceof Response)) throw new Error("It was granted.");
		expect(response.status).toBe(401);
		expect(response.headers.get("www-authenticate")).toBe("Bearer");
		expect(response.headers.get("cache-control")).toBe("no-store");
		expect(response.headers.get("content-type")).toContain("application/json");
		expect(await response.json()).toEqual({ error: expect.any(String) });
	});

	test("public channels are streamed without an end", async () => {
		const channels = ["public.a", "news"];
		expect(await ask(open, { channels })).toEqual({ channels, expires: undefined });
	});

	test("public channels requested together with private ones need a token", async () => {
		const channels = ["news", "room.1"];
		expect(await ask(open, { channels })).toMatchObject({ status: 401, challenge: "Bearer" });
		expect(await ask(open, { channels, bearer: hs256() })).toMatchObject({ channels });
		const partial = jwtAuthorizer({ secret, anonymous: ["news"], partial: true });
		expect(await ask(partial, { channels })).toMatchObject({ channels: ["news"] });
	});

	test("an invalid token is refused even for public channels", async () => {
		expect(await ask(open, { channels: ["news"], bearer: "a.b.c" })).toMatchObject(invalid);
	});

	test("a token without the claim gets public channels", async () => {
		const bearer = hs256({ exp: now() + 60 });
		expect(await ask(open, { channels: ["news"], bearer })).toMatchObject({ channels: ["news"] });
	});
});

test("every refusal is a new Response, because a body can be read only once", async () => {
	const first = await authorize(new Request("http://127.0.0.1/"), ["a"]);
	expect(await authorize(new Request("http://127.0.0.1/"), ["a"])).not.toBe(first);
});

describe("options", () => {
	test.each([
		["no key", {}, "exactly one of them is needed, got 0"],
		["two keys", { secret, jwksUrl: "https://a.example/" }, "exactly one of them is needed, got 2"],
		["a secret that is undefined", { secret: undefined }, "exactly one of them"],
		["a short secret", { secret: "x".repeat(31) }, "secret: must have at least 32 bytes"],
		["an empty secret", { secret: "" }, "secret: must have at least 32 bytes"],
		["short bytes", { secret: new Uint8Array(31) }, "secret: must have at least 32 bytes"],
		["a number as the secret", { secret: 12 }, "secret: must be a string or a Uint8Array"],
		["an undefined issuer", { secret, issuer: undefined }, "issuer: must be"],
		["an empty audience", { secret, audience: "" }, "audience: must be"],
		["no audience at all", { secret, audience: [] }, "audience: must be"],
		["a negative tolerance", { secret, clockTolerance: -1 }, "clockTolerance: must be"],
		["a tolerance in words", { secret, clockTolerance: "5s" }, "clockTolerance: must be"],
		["an empty claim", { secret, claim: "" }, "claim: must be"],
		["no algorithm", { secret, algorithms: [] }, "algorithms: must be"],
		[
			'the algorithm "none"',
			{ secret, algorithms: ["none"] },
			'algorithms: "none" does not fit this key',
		],
		["RS256 by a secret", { secret, algorithms: ["RS256"] }, "does not fit this key"],
		["HS512 by 43 bytes", { secret, algorithms: ["HS512"] }, "does not fit this key"],
		["a cookie with a space", { secret, cookie: "a b" }, "cookie: must be"],
		["an empty query", { secret, query: "" }, "query: must be"],
		["nowhere to read from", { secret, header: false }, "header, cookie, query: one of them"],
		["a public name that is none", { secret, anonymous: [""] }, "anonymous: a name must be"],
		["public names in a string", { secret, anonymous: "news" }, "anonymous: must be an array"],
	])("%s is a TypeError", (_, options, message) => {
		const make = () => jwtAuthorizer(options as never);
		expect(make).toThrow(TypeError);
		expect(make).toThrow(message);
	});

	test("a secret of 32 bytes is accepted, as bytes or as a string counted in UTF-8", async () => {
		const short = "é".repeat(16);
		const bearer = hs256(claims(), short);
		expect(await ask(jwtAuthorizer({ secret: short }), { bearer })).toMatchObject(granted);
		const bytes = new TextEncoder().encode(short);
		expect(await ask(jwtAuthorizer({ secret: bytes }), { bearer })).toMatchObject(granted);
	});
});
