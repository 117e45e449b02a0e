import { describe, expect, test } from "vitest";
import { jwtPublishAuthorizer } from "../../../src/auth.ts";
import {
	type Asked,
	claims,
	hs256,
	invalid,
	now,
	pairs,
	refusal,
	requestWith,
	secret,
	signedBy,
	spki,
} from "./kit.ts";

const publisher = jwtPublishAuthorizer({ secret });
const rights = (publish: unknown, subscribe?: unknown) =>
	hs256(claims({ channels: { publish, subscribe } }));

async function may(asked: Asked, channel = "room.1", allow = publisher) {
	const answer = await allow(requestWith(asked), channel);
	return answer instanceof Response ? refusal(answer) : answer;
}

describe("publishing", () => {
	test.each([["room.1"], ["room.*"], ["*"]])("is allowed by the name %j", async (name) => {
		expect(await may({ bearer: rights([name]) })).toBe(true);
	});

	test.each([
		["another channel", hs256(claims({ channels: { publish: ["room.2"] } }))],
		["a plain list, which only allows to subscribe", hs256(claims({ channels: ["*"] }))],
		["a right to subscribe", hs256(claims({ channels: { subscribe: ["*"] } }))],
		["no claim", hs256({ exp: now() + 60 })],
	])("is not allowed by %s", async (_, bearer) => {
		expect(await may({ bearer })).toMatchObject({
			status: 403,
			challenge: 'Bearer error="insufficient_scope"',
		});
	});

	test.each([
		["expired", hs256(claims({ exp: now() - 60, channels: { publish: ["*"] } }))],
		["malformed", rights("room.1")],
		[
			"of another algorithm",
			signedBy(pairs.ES256, "ES256", claims({ channels: { publish: ["*"] } })),
		],
	])("is not allowed by a token that is %s", async (_, bearer) => {
		expect(await may({ bearer })).toMatchObject(invalid);
	});

	test("needs a token in the header, and reads no other place", async () => {
		const missing = { status: 401, challenge: "Bearer" };
		const bearer = rights(["*"]);
		expect(await may({})).toMatchObject(missing);
		const asked = { query: `token=${bearer}`, headers: { cookie: `token=${bearer}` } };
		expect(await may(asked)).toMatchObject(missing);
		// The options for a cookie and a query are ignored here.
		const hopeful = jwtPublishAuthorizer({ secret, cookie: "token", query: "token" } as never);
		expect(await may(asked, "room.1", hopeful)).toMatchObject(missing);
	});

	test("checks issuer and audience as the authorizer does", async () => {
		const allow = jwtPublishAuthorizer({
			publicKey: spki(pairs.ES256),
			issuer: "me",
			audience: "sse",
		});
		const channels = { publish: ["*"] };
		const good = signedBy(pairs.ES256, "ES256", claims({ iss: "me", aud: "sse", channels }));
		const bad = signedBy(pairs.ES256, "ES256", claims({ iss: "me", aud: "x", channels }));
		expect(await may({ bearer: good }, "a", allow)).toBe(true);
		expect(await may({ bearer: bad }, "a", allow)).toMatchObject(invalid);
	});
});
