import { createAdaptorServer } from "@hono/node-server";
import { expect, onTestFinished, test, vi } from "vitest";
import { SseError } from "../../../../src/core/errors.ts";
import type { Authorize } from "../../../../src/core/request/authorize.ts";
import { ask, expectComeBack, expectRefused, open, read, request, scene, told } from "./kit.ts";

const two = "channel=a&channel=b";

test("authorize is called with the request and its distinct channels before anything upstream is used", async () => {
	const { promise, resolve } = Promise.withResolvers<boolean>();
	const authorize = vi.fn<Authorize>(() => promise);
	const it = scene({ authorize, history: {} });
	const asked = request(`${two}&channel=a`, { headers: { cookie: "who=me" } });
	const answer = it.sse.fetch(asked);
	await expect.poll(() => authorize).toHaveBeenCalledTimes(1);
	expect(authorize.mock.calls[0]).toEqual([asked, ["a", "b"]]);
	expect(it.calls).toEqual([]);
	resolve(true);
	const client = read(await answer);
	expect(it.calls).toEqual(["subscribe a", "subscribe b", "head a", "head b"]);
	await it.sse.publish("both", { channel: "b" });
	expect(await client.event()).toMatchObject({ data: "both" });
});

test.for<[what: string, verdict: unknown]>([
	["false", false],
	["undefined", undefined],
	["null", null],
	["a string", "yes"],
	["a number", 1],
	["a list", ["a", "b"]],
	["an empty object", {}],
	["a token's claims", { sub: "me", exp: 4e9 }],
	["a map", new Map([["channels", ["a"]]])],
	["a grant whose channels are undefined", { channels: undefined, expires: Date.now() + 1e6 }],
	["a grant whose channels are a string", { channels: "a" }],
	["a grant of no channel", { channels: [] }],
	["a grant of channels that were not requested", { channels: ["c", "*", "ab"] }],
])("a verdict of %s is a 403, and nothing upstream is used", async ([, verdict]) => {
	const it = scene({ authorize: () => verdict as boolean });
	await expectRefused(await ask(it, two), 403, /^channel: /);
	expect((await ask(it, two, { method: "HEAD" })).status).toBe(403);
	expect(it.calls).toEqual([]);
	expect(it.sse.stats()).toMatchObject({ connections: 0, refusedStreams: 2 });
	expect(it.reports).toEqual([]);
});

test.for<[what: string, grant: Awaited<ReturnType<Authorize>>]>([
	["true", true],
	["a grant without `expires`", { channels: ["a", "b"], expires: undefined }],
	["a grant with only `expires`", { expires: Date.now() + 60_000 }],
])("a verdict of %s allows all requested channels", async ([, grant]) => {
	const it = scene({ authorize: async () => grant });
	const client = await open(it, two);
	expect(it.calls).toEqual(["subscribe a", "subscribe b"]);
	await it.sse.publish(1, { channel: "a" });
	await it.sse.publish(2, { channel: "b" });
	expect(await client.data(2)).toEqual(["1", "2"]);
});

test("a grant allows the requested channels that it names, in the order of the request", async () => {
	const it = scene({ authorize: () => ({ channels: ["c", "b", "z", "a"] }) });
	const client = await open(it, "channel=a&channel=x&channel=b");
	expect(it.calls).toEqual(["subscribe a", "subscribe b"]);
	for (const channel of ["x", "c", "z", "b"]) await it.sse.publish(channel, { channel });
	expect(await client.data(1)).toEqual(["b"]);
});

test("a grant also applies to the channels that a route names", async () => {
	const it = scene({ authorize: (_, channels) => ({ channels: channels.slice(1) }) });
	const answer = await it.sse.stream(request("channel=ignored"), { channel: ["r", "s"] });
	read(answer);
	expect(it.calls).toEqual(["subscribe s"]);
});

test("a Response from authorize is the answer, with its status, headers and body", async () => {
	const headers = { "www-authenticate": "Bearer", "cache-control": "private" };
	const it = scene({ authorize: () => new Response("Who?", { status: 401, headers }) });
	const answer = await ask(it);
	expect([answer.status, await answer.text()]).toEqual([401, "Who?"]);
	expect(Object.fromEntries(answer.headers)).toMatchObject(headers);
	expect(it.calls).toEqual([]);
	expect(it.sse.stats()).toMatchObject({ connections: 0, refusedStreams: 1 });
});

test("a redirect from authorize, whose headers are immutable, still gets the CORS headers", async () => {
	const it = scene({
		authorize: () => Response.redirect("https://login.test/", 303),
		cors: { origin: "https://page.test", credentials: true },
	});
	const answer = await ask(it, "", { headers: { origin: "https://page.test" } });
	expect(answer.status).toBe(303);
	expect(Object.fromEntries(answer.headers)).toEqual({
		location: "https://login.test/",
		"access-control-allow-origin": "https://page.test",
		"access-control-allow-credentials": "true",
		vary: "Origin",
	});
});

test("the Vary of authorize's Response is kept beside that of CORS", async () => {
	const it = scene({
		authorize: () => new Response(null, { status: 401, headers: { vary: "Cookie" } }),
		cors: { origin: "https://page.test" },
	});
	expect((await ask(it)).headers.get("vary")).toBe("Cookie, Origin");
});

test.for<[what: string, authorize: Authorize]>([
	[
		"throws",
		() => {
			throw new Error("secret detail");
		},
	],
	["rejects", () => Promise.reject(new Error("secret detail"))],
])("an authorize that %s is a 500 without detail, and is reported", async ([, authorize]) => {
	const it = scene({ authorize });
	expect(await expectRefused(await ask(it), 500)).toBe("Internal error.");
	expect(told(it)).toEqual(["authorize: secret detail"]);
	expect(it.calls).toEqual([]);
});

test.for<[what: string, verdict: () => unknown, told: RegExp]>([
	["an `expires` that is NaN", () => ({ channels: ["a"], expires: Number.NaN }), /expires/],
	["an `expires` in words", () => ({ expires: "tomorrow" }), /expires/],
	["Response.error()", () => Response.error(), /status/i],
	["a Response whose body was read", () => used, /./],
])("a verdict of %s is a 500, and is reported", async ([, verdict, message]) => {
	await used.text().catch(() => undefined);
	const it = scene({ authorize: () => verdict() as boolean });
	await expectRefused(await ask(it), 500);
	expect(it.reports).toMatchObject([{ stage: "authorize" }]);
	expect(told(it).join()).toMatch(message);
	expect(it.calls).toEqual([]);
});

const used = new Response("once");

test("a Response of another class is accepted, as @hono/node-server replaces the class", async () => {
	const { Request, Response } = globalThis;
	onTestFinished(() => void Object.assign(globalThis, { Request, Response }));
	const it = scene({ authorize: () => fetch("data:text/plain,no") });
	createAdaptorServer({ fetch: () => Response.json("") });
	expect(globalThis.Response).not.toBe(Response);
	expect(await (await ask(it)).text()).toBe("no");
	expect(it.calls).toEqual([]);
});

test('an authorize that rejects with the code "unavailable" makes the client reconnect', async () => {
	const it = scene({
		authorize: () => Promise.reject(new SseError("unavailable", "no keys")),
	});
	await expectComeBack(await ask(it));
	expect(told(it)).toEqual(["authorize: no keys"]);
	expect(it.sse.stats().refusedStreams).toBe(1);
	expect(it.calls).toEqual([]);
});

test("an authorize that never answers delays no other client and holds no slot", async () => {
	const never = new Promise<boolean>(() => undefined);
	const it = scene({
		authorize: (_, [name]) => (name === "slow" ? never : true),
		limits: { connections: 1 },
	});
	let answered = false;
	void ask(it, "channel=slow").then(() => {
		answered = true;
	});
	const client = await open(it, "channel=fast");
	await it.sse.publish("here", { channel: "fast" });
	expect(await client.event()).toMatchObject({ data: "here" });
	expect(answered).toBe(false);
	expect(it.calls.join()).not.toContain("slow");
	expect(it.sse.stats()).toMatchObject({ connections: 1, channels: 1 });
});

test("HEAD is authorized as GET is, and takes no subscription and no slot", async () => {
	const authorize = vi.fn<Authorize>(() => true);
	const onConnect = vi.fn();
	const it = scene({ authorize, onConnect, limits: { connections: 0 } });
	const answer = await ask(it, two, { method: "HEAD" });
	expect([answer.status, answer.body]).toEqual([200, null]);
	expect(answer.headers.get("content-type")).toBe("text/event-stream");
	expect(authorize.mock.calls[0]?.[1]).toEqual(["a", "b"]);
	expect([it.calls, onConnect.mock.calls]).toEqual([[], []]);
});

test.for(["OPTIONS", "POST", "PUT", "DELETE"])(
	"%s is a 405, and authorize is not called",
	async (method) => {
		const authorize = vi.fn<Authorize>(() => true);
		const it = scene({ authorize });
		const answer = await ask(it, two, { method });
		expect(answer.headers.get("allow")).toBe("GET, HEAD");
		await expectRefused(answer, 405);
		expect(authorize).not.toHaveBeenCalled();
		expect(it.sse.stats().refusedStreams).toBe(1);
	},
);

test("requests over a limit or outside channels.allowed are refused before authorize is called", async () => {
	const authorize = vi.fn<Authorize>(() => true);
	const it = scene({ authorize, limits: { channels: 1 }, channels: { allowed: ["a"] } });
	await expectRefused(await ask(it, two), 400, /at most 1/);
	await expectRefused(await ask(it, "channel=b"), 403);
	expect(authorize).not.toHaveBeenCalled();
});
