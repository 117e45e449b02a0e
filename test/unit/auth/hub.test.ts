import { describe, expect, test } from "vitest";
import { ConfigurationError } from "../../../src/core/errors.ts";
import type { Authorize } from "../../../src/core/request/authorize.ts";
import { readAuth } from "../../../src/server/auth.ts";
import {
	ask,
	claims,
	granted,
	hs256,
	invalid,
	jwk,
	pairs,
	requestWith,
	secret,
	signedBy,
	startKeyServer,
} from "./kit.ts";

const url = "https://example.com/jwks";

/** The authorizers that the hub makes of these variables. */
function hub(environment: Record<string, string | undefined>) {
	const { authorize, authorizePublish } = readAuth(environment);
	if (authorize === undefined) throw new Error("Nobody is asked.");
	return { authorize, authorizePublish };
}

describe("readAuth()", () => {
	test("without its variables there is no authorizer", () => {
		expect(readAuth({})).toEqual({});
		expect(readAuth({ SSE_PUBLISH_TOKEN: "x", SSE_JWT_SECRET: undefined })).toEqual({});
	});

	test("SSE_JWT_SECRET: the token comes in the header or in the query as `token`", async () => {
		const { authorize } = hub({ SSE_JWT_SECRET: secret });
		const bearer = hs256();
		expect(await ask(authorize, { bearer })).toMatchObject(granted);
		expect(await ask(authorize, { query: `token=${bearer}` })).toMatchObject(granted);
		const cookie = { headers: { cookie: `token=${bearer}` } };
		expect(await ask(authorize, cookie)).toMatchObject({ status: 401 });
		const { authorize: named } = hub({ SSE_JWT_SECRET: secret, SSE_JWT_COOKIE: "token" });
		expect(await ask(named, cookie)).toMatchObject(granted);
	});

	test("the right to publish does not include the right to subscribe, nor the other way round", async () => {
		const { authorize, authorizePublish } = hub({ SSE_JWT_SECRET: secret });
		const publish = hs256(claims({ channels: { publish: ["room.1"] } }));
		expect(await authorizePublish?.(requestWith({ bearer: publish }), "room.1")).toBe(true);
		expect(await ask(authorize, { bearer: publish })).toMatchObject({ status: 403 });
		const refused = await authorizePublish?.(requestWith({ bearer: hs256() }), "room.1");
		expect(refused).toMatchObject({ status: 403 });
		const inQuery = await authorizePublish?.(requestWith({ query: `token=${publish}` }), "room.1");
		expect(inQuery).toMatchObject({ status: 401 });
	});

	test("issuer, audience and claim apply to subscribing and publishing", async () => {
		const { authorize, authorizePublish } = hub({
			SSE_JWT_SECRET: secret,
			SSE_JWT_ISSUER: "me",
			SSE_JWT_AUDIENCE: "sse",
			SSE_JWT_CLAIM: "rights",
		});
		const rights = { subscribe: ["room.1"], publish: ["room.1"] };
		const good = hs256(claims({ iss: "me", aud: "sse", rights }));
		expect(await ask(authorize, { bearer: good })).toMatchObject(granted);
		expect(await authorizePublish?.(requestWith({ bearer: good }), "room.1")).toBe(true);
		for (const more of [
			{ iss: "you", aud: "sse" },
			{ iss: "me", aud: "x" },
		]) {
			const bearer = hs256(claims({ ...more, rights }));
			expect(await ask(authorize, { bearer })).toMatchObject(invalid);
			const answer = await authorizePublish?.(requestWith({ bearer }), "room.1");
			expect(answer).toMatchObject({ status: 401 });
		}
	});

	test("SSE_JWKS_URL: keys come from the URL", async () => {
		await using server = await startKeyServer([jwk(pairs.EdDSA)]);
		const { authorize } = hub({ SSE_JWKS_URL: server.url });
		const bearer = signedBy(pairs.EdDSA, "EdDSA");
		expect(await ask(authorize, { bearer })).toMatchObject(granted);
	});

	test("public channels need no token", async () => {
		const { authorize } = hub({
			SSE_JWT_SECRET: secret,
			SSE_PUBLIC_CHANNELS: "news, public.* ,,новости",
		});
		const channels = ["public.a", "news", "новости"];
		expect(await ask(authorize, { channels })).toMatchObject({ channels });
		expect(await ask(authorize)).toMatchObject({ status: 401 });
	});

	test("without keys only the public channels can be streamed", async () => {
		const { authorize, authorizePublish } = hub({ SSE_PUBLIC_CHANNELS: "news,public.*" });
		expect(authorizePublish).toBeUndefined();
		const may: Authorize = authorize;
		expect(await may(requestWith({}), ["news", "public.a"])).toBe(true);
		expect(await may(requestWith({}), ["news", "room.1"])).toBe(false);
		expect(await may(requestWith({ bearer: hs256() }), ["room.1"])).toBe(false);
	});

	test.each([
		["both keys", { SSE_JWT_SECRET: secret, SSE_JWKS_URL: url }, "set one of them, not both"],
		["a short secret", { SSE_JWT_SECRET: "hunter2" }, "SSE_JWT_SECRET: must have at least 32"],
		["an http: URL", { SSE_JWKS_URL: "http://hunter2.example/" }, "SSE_JWKS_URL: must be an https"],
		["an issuer alone", { SSE_JWT_ISSUER: "hunter2" }, "SSE_JWT_ISSUER is set, but neither"],
		["an audience alone", { SSE_JWT_AUDIENCE: "hunter2" }, "SSE_JWT_AUDIENCE is set, but neither"],
		["a claim alone", { SSE_JWT_CLAIM: "hunter2" }, "SSE_JWT_CLAIM is set, but neither"],
		["a cookie alone", { SSE_JWT_COOKIE: "hunter2" }, "SSE_JWT_COOKIE is set, but neither"],
		["a bad cookie", { SSE_JWT_SECRET: secret, SSE_JWT_COOKIE: "a b" }, "SSE_JWT_COOKIE: must be"],
		["no public channel", { SSE_PUBLIC_CHANNELS: " , " }, "SSE_PUBLIC_CHANNELS: must name a"],
		["a long name", { SSE_PUBLIC_CHANNELS: "x".repeat(513) }, "SSE_PUBLIC_CHANNELS: a name has"],
		["a secret that did not arrive", { SSE_JWT_SECRET: "" }, "SSE_JWT_SECRET is set, but empty"],
		["a URL that did not arrive", { SSE_JWKS_URL: "" }, "SSE_JWKS_URL is set, but empty"],
		["an audience that did not arrive", { SSE_JWT_AUDIENCE: "" }, "SSE_JWT_AUDIENCE is set, but"],
		["public channels that did not arrive", { SSE_PUBLIC_CHANNELS: "" }, "SSE_PUBLIC_CHANNELS is"],
	])("%s: the error names the variable and shows no value", (_, environment, message) => {
		const read = () => readAuth(environment);
		expect(read).toThrow(ConfigurationError);
		expect(read).toThrow(message);
		expect(read).not.toThrow("hunter2");
		expect(read).not.toThrow(secret);
	});
});
