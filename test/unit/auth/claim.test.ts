import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { namesProblem } from "../../../src/auth/claim.ts";
import { jwtAuthorizer } from "../../../src/auth.ts";
import { isAllowed } from "../../../src/core/request/request.ts";
import { ask, claims, hs256, invalid, secret } from "./kit.ts";

const allows = (names: string[], channel: string) => isAllowed(channel, names);

describe("channel names in a claim", () => {
	test.each([
		["room.1", "room.1", true],
		["room.1", "room.10", false],
		["room.1", "Room.1", false],
		["users.42.*", "users.42.inbox", true],
		["users.42.*", "users.42.inbox.unread", true],
		["users.42.*", "users.42.*", true],
		["users.42.*", "users.42.", true],
		["users.42.*", "users.42", false],
		["users.42.*", "users.421.inbox", false],
		["users.4*", "users.42", true],
		["*", "anything at all", true],
		["*", "*", true],
		["**", "*x", true],
		["**", "x", false],
		["users.*.inbox", "users.42.inbox", false],
		["users.*.inbox", "users.*.inbox", true],
		["*.inbox", "users.inbox", false],
		["users.?", "users.1", false],
		["users.[0-9]", "users.1", false],
		["(a+)+$", "aaaaaaaa", false],
		["чат.*", "чат.général", true],
		["é", "e\u0301", false],
		["😀*", "😀😀", true],
		["room.1", "room.1\u0000", false],
		["room.1", " room.1", false],
	])("%j and the channel %j: allowed is %j", (name, channel, expected) => {
		expect(allows([name], channel)).toBe(expected);
	});

	test("an empty list allows no channel", () => {
		expect(allows([], "a")).toBe(false);
	});

	// Few letters, so that names and channels often nearly match.
	const text = fc.string({ unit: fc.constantFrom("a", "b", ".", "*", "é", "😀"), maxLength: 6 });
	const some = fc.string({
		unit: fc.constantFrom("a", ".", "*", "😀"),
		minLength: 1,
		maxLength: 6,
	});
	const runs = { numRuns: 5_000, seed: 20_260_712 };

	/** The same rule as a regular expression that escapes everything but the last star. */
	function expression(name: string): RegExp {
		const quoted = (part: string) => part.replaceAll(/[.*]/g, "\\$&");
		return name.endsWith("*")
			? new RegExp(`^${quoted(name.slice(0, -1))}[^]*$`)
			: new RegExp(`^${quoted(name)}$`);
	}

	test("match the same channels as the equivalent regular expression", () => {
		fc.assert(
			fc.property(some, some, (name, channel) => {
				expect(allows([name], channel)).toBe(expression(name).test(channel));
			}),
			runs,
		);
	});

	test("match every channel with the prefix before the star, and match themselves", () => {
		fc.assert(
			fc.property(text, some, (prefix, rest) => {
				expect(allows([`${prefix}*`], prefix + rest)).toBe(true);
				expect(allows([`${prefix}*`], prefix)).toBe(true);
				expect(allows([rest], rest)).toBe(true);
			}),
			runs,
		);
	});

	test("a list allows a channel only when one of its names does", () => {
		fc.assert(
			fc.property(fc.array(some, { maxLength: 5 }), some, (names, channel) => {
				expect(allows(names, channel)).toBe(names.some((name) => allows([name], channel)));
			}),
			runs,
		);
	});

	test("a longer prefix never allows more", () => {
		fc.assert(
			fc.property(text, some, some, (prefix, more, channel) => {
				if (allows([`${prefix}${more}*`], channel)) {
					expect(allows([`${prefix}*`], channel)).toBe(true);
				}
			}),
			runs,
		);
	});
});

describe("a claim with a Unicode name", () => {
	test.each(["чат", "日本.語", "😀", "a b", "a\nb", "a,b", '"', "\u202e"])(
		"%j allows that channel and no longer name",
		async (name) => {
			const bearer = hs256(claims({ channels: [name] }));
			const authorize = jwtAuthorizer({ secret });
			expect(await ask(authorize, { bearer, channels: [name] })).toMatchObject({
				channels: [name],
			});
			expect(await ask(authorize, { bearer, channels: [`${name}x`] })).toMatchObject({
				status: 403,
			});
		},
	);
});

describe("a malformed claim", () => {
	const list = (length: number) => Array.from({ length }, (_, at) => `${at}`);
	// Each claim contains a valid name: no part of a malformed claim may be used.
	test.each([
		["a text", "room.1"],
		["null", null],
		["a number", 1],
		["true", true],
		["a number among names", ["room.1", 1]],
		["null among names", ["room.1", null]],
		["a list among names", ["room.1", ["room.1"]]],
		["an empty name", ["room.1", ""]],
		["a name too long", ["room.1", "x".repeat(513)]],
		["too many names", ["room.1", ...list(256)]],
		["half a surrogate pair", ["room.1", "\ud83d*"]],
		["lists that are texts", { subscribe: "room.1" }],
		["a null list", { subscribe: null }],
		["a bad list to publish", { subscribe: ["room.1"], publish: "room.1" }],
		["a list like an object", { subscribe: { 0: "room.1", length: 1 } }],
	])("%s is refused", async (_, channels) => {
		const authorize = jwtAuthorizer({ secret, partial: true, anonymous: ["room.1"] });
		const answer = await ask(authorize, { bearer: hs256(claims({ channels })) });
		expect(answer).toMatchObject(invalid);
		expect(answer.body).toContain("malformed");
	});

	test("256 names of 512 characters are accepted", () => {
		expect(namesProblem([...list(255), "x".repeat(512)])).toBeUndefined();
	});

	test("a claim named like a property of every object is read from the token only", async () => {
		for (const claim of ["constructor", "__proto__", "toString"]) {
			const authorize = jwtAuthorizer({ secret, claim });
			expect(await ask(authorize, { bearer: hs256() })).toMatchObject({ status: 403 });
			const text = `{"exp":9999999999,"${claim}":["room.1"]}`;
			expect(await ask(authorize, { bearer: hs256(text) })).toMatchObject({ channels: ["room.1"] });
		}
	});
});
