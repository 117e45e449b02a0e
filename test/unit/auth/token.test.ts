import { describe, expect, test } from "vitest";
import { jwtAuthorizer } from "../../../src/auth.ts";
import { ask, claims, granted, hs256, invalid, secret } from "./kit.ts";

const everywhere = { secret, cookie: "sse_token", query: "token" };
const authorize = jwtAuthorizer(everywhere);
const good = hs256();
const other = hs256(claims({ channels: ["other"] }));
const cookie = (value: string) => ({ headers: { cookie: value } });
const repeated = { status: 400, challenge: 'Bearer error="invalid_request"' };
const missing = { status: 401, challenge: "Bearer" };

describe("places to read the token from", () => {
	test.each([
		["the header", { bearer: good }],
		["the scheme in any case", { headers: { authorization: `bEARER   ${good}` } }],
		["a cookie", cookie(`sse_token=${good}`)],
		["the query", { query: `token=${good}` }],
		["the query among other parameters", { query: `channel=room.1&token=${good}&x=1` }],
		["the header before the cookie", { bearer: good, headers: { cookie: `sse_token=${other}` } }],
		["the header before the query", { bearer: good, query: `token=${other}` }],
		["the cookie before the query", { ...cookie(`sse_token=${good}`), query: `token=${other}` }],
		[
			"the cookie when the header is of another scheme",
			{
				headers: { authorization: "Basic YTpi", cookie: `sse_token=${good}` },
			},
		],
		["the query when the cookie is empty", { ...cookie("sse_token="), query: `token=${good}` }],
		[
			"the query when the header is empty",
			{
				headers: { authorization: "Bearer " },
				query: `token=${good}`,
			},
		],
	])("%s", async (_, asked) => {
		expect(await ask(authorize, asked)).toMatchObject(granted);
	});

	test.each([
		["a bad token in the header", { bearer: "nonsense", query: `token=${good}` }],
		["a bad token in the cookie", { ...cookie("sse_token=nonsense"), query: `token=${good}` }],
	])("%s is refused even when another place has a valid one", async (_, asked) => {
		expect(await ask(authorize, asked)).toMatchObject(invalid);
	});

	test.each([
		["the query", { query: `token=${good}` }],
		["a cookie", cookie(`token=${good}; sse_token=${good}`)],
	])("%s is not read unless an option names it", async (_, asked) => {
		expect(await ask(jwtAuthorizer({ secret }), asked)).toMatchObject(missing);
	});

	test("the header is not read with header: false", async () => {
		const off = jwtAuthorizer({ ...everywhere, header: false });
		expect(await ask(off, { bearer: good })).toMatchObject(missing);
		expect(await ask(off, { bearer: other, query: `token=${good}` })).toMatchObject(granted);
	});
});

describe("two tokens in one place", () => {
	test.each([
		["two parameters", { query: `token=${good}&token=${other}` }],
		["the same parameter twice", { query: `token=${good}&token=${good}` }],
		["two cookies", cookie(`sse_token=${good}; sse_token=${other}`)],
	])("%s are refused", async (_, asked) => {
		expect(await ask(authorize, asked)).toMatchObject(repeated);
	});

	test("two headers are refused", async () => {
		const headers = new Headers();
		headers.append("authorization", `Bearer ${good}`);
		headers.append("authorization", `Bearer ${good}`);
		const asked = { headers: Object.fromEntries(headers) };
		expect(await ask(authorize, asked)).toMatchObject(invalid);
	});
});

describe("cookies", () => {
	test.each([
		["among others", `a=1; sse_token=${good}; b=2`],
		["without spaces", `a=1;sse_token=${good};b=2`],
		["with spaces around", `a=1 ;  sse_token = ${good}  ; b=2`],
		["in quotes", `sse_token="${good}"`],
		["after broken ones", `;;=; =x; a; sse_token=${good}`],
		["after a value with an equals sign", `a=b=c; sse_token=${good}`],
		["after one whose value names it", `a="sse_token=x"; sse_token=${good}`],
	])("the token is found %s", async (_, header) => {
		expect(await ask(authorize, cookie(header))).toMatchObject(granted);
	});

	test.each([
		["of another case", `SSE_TOKEN=${good}`],
		["whose name only ends so", `my_sse_token=${good}`],
		["whose name only begins so", `sse_token2=${good}`],
		["whose name is percent-encoded", `sse%5Ftoken=${good}`],
		["without a name", good],
		["that is the value of another", `a=sse_token; b=${good}`],
		["that is empty, in quotes", 'sse_token=""'],
	])("a cookie %s is not the token's cookie", async (_, header) => {
		expect(await ask(authorize, cookie(header))).toMatchObject(missing);
	});

	test.each([
		["percent-encoded", `sse_token=${good.replace(".", "%2E")}`],
		["in half a pair of quotes", `sse_token="${good}`],
		["with a space in it", `sse_token=${good.replace(".", " .")}`],
	])("a token %s is refused", async (_, header) => {
		expect(await ask(authorize, cookie(header))).toMatchObject(invalid);
	});
});

describe("length of a token", () => {
	/** A valid token of exactly this many characters. */
	function ofLength(length: number): string {
		const padded = (padding: number) => hs256(claims({ padding: "x".repeat(padding) }));
		// Three bytes become four characters; the loop corrects the rounding.
		let padding = Math.floor((length - padded(0).length) * 0.75) - 2;
		while (padded(padding).length < length) padding++;
		expect(padded(padding)).toHaveLength(length);
		return padded(padding);
	}

	test("8,192 characters are accepted, and 8,193 are refused", async () => {
		expect(await ask(authorize, { bearer: ofLength(8_192) })).toMatchObject(granted);
		const long = await ask(authorize, { bearer: ofLength(8_193) });
		expect(long).toMatchObject(invalid);
		expect(long.body).toContain("8192");
	});

	test("a megabyte in any place costs little processor time", async () => {
		const huge = `${"e30".repeat(350_000)}.e30.AA`;
		const before = process.threadCpuUsage();
		for (const asked of [
			{ bearer: huge },
			{ query: `token=${huge}` },
			cookie(`sse_token=${huge}`),
			cookie(`${"a=1; ".repeat(200_000)}sse_token=x`),
			{ headers: { authorization: `Bearer ${" ".repeat(1_000_000)}x` } },
		]) {
			expect(await ask(authorize, asked)).toMatchObject(invalid);
		}
		const { user, system } = process.threadCpuUsage(before);
		expect((user + system) / 1_000, "ms of processor time").toBeLessThan(2_000);
	});
});
