import { Hono } from "hono";
import { cors as honoCors } from "hono/cors";
import { expect, test } from "vitest";
import type { CorsOptions } from "../../../../src/core/request/cors.ts";
import { ask, expectComeBack, open, request, type Scene, scene, told } from "./kit.ts";

const page = "https://page.test";
const list = [page, "https://other.test"];
const subdomains = (origin: string) => (origin.endsWith(".page.test") ? origin : null);

const settings: [name: string, cors: CorsOptions][] = [
	["*", { origin: "*" }],
	["one", { origin: page }],
	["one, with credentials", { origin: page, credentials: true }],
	["several", { origin: list }],
	["several, with credentials", { origin: list, credentials: true }],
	["an empty list", { origin: [] }],
	["a function", { origin: subdomains }],
	["a function, with credentials", { origin: subdomains, credentials: true }],
	["an async function", { origin: async (origin) => subdomains(origin) }],
	["a function that returns *", { origin: () => "*" }],
	["a function that returns undefined", { origin: () => undefined }],
	["a function that returns its argument", { origin: (origin) => origin }],
];
const origins = [
	undefined,
	"null",
	page,
	`${page}:8443`,
	`${page}.evil.test`,
	"https://PAGE.test",
	"http://page.test",
	"https://other.test",
	"https://a.page.test",
	"*",
];
const asks = [
	{ method: "GET" },
	{ method: "OPTIONS" },
	{ method: "OPTIONS", headers: { "access-control-request-headers": "last-event-id, x-more" } },
];

/** What a browser and a cache read of it. */
function policy({ status, headers }: Response) {
	const words = (name: string) => headers.get(name)?.toLowerCase().split(/ *, */).sort();
	const origin = headers.get("access-control-allow-origin");
	return {
		status,
		origin,
		// Without an origin this header means nothing, but Hono sends it.
		credentials: origin === null ? null : headers.get("access-control-allow-credentials"),
		methods: words("access-control-allow-methods"),
		headers: words("access-control-allow-headers"),
		variesByOrigin: words("vary")?.includes("origin") ?? false,
	};
}

test.for(settings)(
	"cors.origin %s: the answer equals that of Hono's cors() for any origin",
	async ([, cors]) => {
		const it = scene({ cors });
		const origin = typeof cors.origin === "object" ? [...cors.origin] : cors.origin;
		const app = new Hono();
		app.use(honoCors({ ...cors, origin, allowMethods: ["GET", "HEAD"] } as never));
		app.get("/any/path", (c) => c.text(""));
		for (const { method, headers = {} } of asks) {
			for (const origin of origins) {
				const asked = { method, headers: { ...headers, ...(origin && { origin }) } };
				const ours = await ask(it, "", asked);
				const theirs = await app.request(request("", asked));
				expect(policy(ours), JSON.stringify(asked)).toEqual(policy(theirs));
				await ours.body?.cancel();
			}
		}
		expect(it.reports).toEqual([]);
	},
);

test("without `cors` there are no CORS headers, and a preflight is a 405", async () => {
	const it = scene();
	const from = { headers: { origin: page } };
	const answers = [await ask(it, "", from), await ask(it, "", { ...from, method: "OPTIONS" })];
	expect(answers.map(({ status }) => status)).toEqual([200, 405]);
	for (const { headers, body } of answers) {
		expect([...headers.keys()].filter((name) => /^(access-|vary)/.test(name))).toEqual([]);
		await body?.cancel();
	}
});

test("a preflight is not authorized, uses nothing upstream, and is not counted as refused", async () => {
	const it = scene({
		cors: { origin: page },
		authorize: () => false,
	});
	const answer = await ask(it, "channel=a", { method: "OPTIONS", headers: { origin: page } });
	expect([answer.status, answer.body]).toEqual([204, null]);
	expect(answer.headers.get("vary")).toBe("Origin, Access-Control-Request-Headers");
	expect([it.calls, it.sse.stats().refusedStreams]).toEqual([[], 0]);
});

const expected = {
	"access-control-allow-origin": page,
	"access-control-allow-credentials": "true",
	vary: "Origin",
};

test.for<
	[what: string, status: number, options: Partial<Parameters<typeof scene>[0]>, query: string]
>([
	["the stream", 200, {}, ""],
	["a bad request", 400, { limits: { channels: 1 } }, "channel=a&channel=b"],
	["a channel that is not allowed", 403, { channels: { allowed: ["b"] } }, "channel=a"],
	["a refusal", 403, { authorize: () => false }, ""],
	["an answer of authorize's own", 402, { authorize: () => new Response("", { status: 402 }) }, ""],
	["a failure of authorize", 500, { authorize: () => Promise.reject(new Error("no")) }, ""],
	["an answer that says to reconnect", 200, { limits: { connections: 0 } }, ""],
])("an allowed page can read %s", async ([, status, options, query]) => {
	const it = scene({ cors: { origin: page, credentials: true }, ...options });
	const answer = await ask(it, query, { headers: { origin: page } });
	expect(answer.status).toBe(status);
	expect(Object.fromEntries(answer.headers)).toMatchObject(expected);
	await answer.body?.cancel();
	// Another page gets the same answer and cannot read it. Vary keeps caches from mixing them up.
	const other = await ask(it, query, { headers: { origin: "https://evil.test" } });
	expect([other.status, other.headers.get("vary")]).toEqual([status, "Origin"]);
	expect(other.headers.has("access-control-allow-origin")).toBe(false);
	expect(other.headers.has("access-control-allow-credentials")).toBe(false);
	await other.body?.cancel();
});

test("a 405 has the CORS headers, and allows OPTIONS", async () => {
	const it = scene({ cors: { origin: page, credentials: true } });
	const answer = await ask(it, "", { method: "POST", headers: { origin: page } });
	expect([answer.status, answer.headers.get("allow")]).toEqual([405, "GET, HEAD, OPTIONS"]);
	expect(Object.fromEntries(answer.headers)).toMatchObject(expected);
});

test("an answer after close() has the CORS headers", async () => {
	const it = scene({ cors: { origin: page, credentials: true } });
	await it.sse.close();
	const answer = await ask(it, "", { headers: { origin: page } });
	expect(Object.fromEntries(answer.headers)).toMatchObject(expected);
	await expectComeBack(answer);
});

test("`*` is never combined with credentials, neither by an option nor by a function", async () => {
	for (const origin of ["*", ["*"], [page, "*"]]) {
		expect(() => scene({ cors: { origin, credentials: true } })).toThrow(/cors\.origin/);
		scene({ cors: { origin } });
	}
	const it = scene({ cors: { origin: () => "*", credentials: true } });
	for (const method of ["GET", "OPTIONS"]) {
		const { headers, body } = await ask(it, "", { method, headers: { origin: page } });
		expect([...headers.keys()].filter((name) => name.startsWith("access-control-allow-o"))).toEqual(
			[],
		);
		expect(headers.has("access-control-allow-credentials")).toBe(false);
		expect(headers.get("vary")).toContain("Origin");
		await body?.cancel();
	}
});

test.for<[how: string, origin: () => never | Promise<never>]>([
	[
		"throws",
		() => {
			throw new Error("oops");
		},
	],
	["rejects", () => Promise.reject(new Error("oops"))],
])(
	"a cors.origin function that %s allows no origin and is reported, and the stream still works",
	async ([, origin]) => {
		const it: Scene = scene({ cors: { origin } });
		const client = await open(it, "channel=a", { headers: { origin: page } });
		expect(client.headers.has("access-control-allow-origin")).toBe(false);
		expect(client.headers.get("vary")).toBe("Origin");
		expect(told(it)).toEqual(["hook: oops"]);
		await it.sse.publish("still", { channel: "a" });
		expect(await client.event()).toMatchObject({ data: "still" });
	},
);

test.for<[unknown]>([[undefined], [1], [null], [{}]])(
	"cors.origin: %j is a TypeError",
	([origin]) => {
		expect(() => scene({ cors: { origin } as CorsOptions })).toThrow(TypeError);
	},
);
