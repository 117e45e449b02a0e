import { createClient } from "@redis/client";
import { Redis } from "@upstash/redis";
import { Redis as IoRedis } from "ioredis";
import { Redis as Previous } from "upstash-redis-previous";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ClientRest } from "../../../../src/connectors/upstash/client-rest.ts";
import { type UpstashRedisClient, upstash } from "../../../../src/connectors/upstash.ts";
import { ConfigurationError } from "../../../../src/core/errors.ts";

const where = { url: "https://database.invalid", token: "the-secret-token" };

beforeEach(() => {
	// The library warns of a missing URL or token.
	vi.spyOn(console, "warn").mockImplementation(() => undefined);
	for (const name of ["UPSTASH_REDIS_REST", "KV_REST_API"]) {
		vi.stubEnv(`${name}_URL`, "");
		vi.stubEnv(`${name}_TOKEN`, "");
	}
});
afterEach(() => {
	vi.unstubAllEnvs();
	vi.restoreAllMocks();
});

/** A client of @upstash/redis with a changed requester. */
function made(change: (http: Record<string, unknown>) => void): Redis {
	const client = new Redis(where);
	change(Reflect.get(client, "client"));
	return client;
}
const header = (name: string, value: unknown) =>
	made(({ headers }) => {
		(headers as Record<string, unknown>)[name] = value;
	});

test.for<[string, () => object, rule: RegExp, way: RegExp]>([
	["made without a URL", () => Redis.fromEnv(), /baseUrl is empty/, /UPSTASH_REDIS_REST_URL.*env/],
	[
		"made without a token",
		() => new Redis({ ...where, token: undefined }),
		/headers\.authorization must have a token/,
		/UPSTASH_REDIS_REST_TOKEN.*env/,
	],
	[
		"made without a token, the version before",
		() => new Previous({ ...where, token: "" }),
		/headers\.authorization must have a token/,
		/UPSTASH_REDIS_REST_TOKEN/,
	],
	[
		"with a requester of its own",
		() => new Redis({ request: async () => ({}) }),
		/client\.baseUrl must be a URL/,
		/pass upstash\(\{ url, token \}\)/,
	],
	[
		"with use()",
		() => {
			const client = new Redis(where);
			client.use((request, next) => next(request));
			return client;
		},
		/client\.request must be the library's own/,
		/without use\(\)/,
	],
	["of ioredis", () => new IoRedis({ lazyConnect: true }), /baseUrl must be/, /use redis\(\) of/],
	["of node-redis", () => createClient(), /baseUrl must be/, /use redis\(\) of/],
	["a promise", () => Promise.resolve(new Redis(where)), /must not be a promise/, /Await it/],
	[
		"with another encoding",
		() => made(({ options }) => Object.assign(options as object, { responseEncoding: "hex" })),
		/responseEncoding must be "base64" or false/,
		/pass upstash\(\{ url, token \}\)/,
	],
	[
		"with a signal that is none",
		() => made(({ options }) => Object.assign(options as object, { signal: 7 })),
		/signal must be an AbortSignal/,
		/without it/,
	],
	[
		"without options",
		() => made((http) => Reflect.deleteProperty(http, "options")),
		/client\.options must be an object/,
		/pass upstash\(\{ url, token \}\)/,
	],
	[
		"without headers",
		() => made((http) => Reflect.deleteProperty(http, "headers")),
		/client\.headers must be an object/,
		/pass upstash\(\{ url, token \}\)/,
	],
	[
		"with a line break in a header",
		() => header("x-key", "the-secret\ntoken"),
		/client\.headers\["x-key"\] must be text/,
		/Correct it/,
	],
	[
		"with a name that is no header's",
		() => header("the-secret: x\n", "x"),
		/a header must be text/,
		/Correct it/,
	],
	[
		"with a line break in its token",
		() => new Redis({ ...where, token: "the-secret\ntoken" }),
		/token has a character that no header can carry/,
		/./,
	],
	[
		"with a password in its URL",
		() => new Redis({ ...where, url: "https://x:the-secret@database.invalid" }),
		/must be bare/,
		/token/,
	],
])(
	"a client %s is refused with the rule and the way out, and no secret is shown",
	([, make, rule, way]) => {
		const client = make();
		const refused = vi.fn(() => upstash(client as UpstashRedisClient));
		expect(refused).toThrow(ConfigurationError);
		const message = String(refused.mock.results[0]?.value);
		expect(message).toMatch(rule);
		expect(message).toMatch(way);
		expect(message).not.toContain("the-secret");
	},
);

test("base64 answers are decoded, and unencoded ones stay unchanged", () => {
	const rest = new ClientRest(new Redis(where));
	const encoded = (text: string) => Buffer.from(text).toString("base64");
	const texts = ["OK", "\ufeffé😀", "", "T0s=", "1-0"];
	expect(rest.decoded(texts.map(encoded))).toEqual(texts);
	expect(rest.decoded([[encoded("1-0"), [encoded("m")]], 7, null])).toEqual([
		["1-0", ["m"]],
		7,
		null,
	]);
	expect(rest.decoded("OK")).toBe("OK");
	expect(rest.decoded("1-0!")).toBe("1-0!");
	const plain = new ClientRest(new Redis({ ...where, responseEncoding: false }));
	expect(plain.decoded("T0s=")).toBe("T0s=");
});

test("options beside a client are checked, and a URL among them is refused", () => {
	const client = new Redis(where);
	const given = (options: object) => () => upstash(client, options);
	expect(given({ url: "https://x" })).toThrow(/^upstash\(client\): url: .*the client has it/);
	expect(given({ timout: 1 })).toThrow(/^upstash\(client\): timout: .*Did you mean timeout/);
	expect(given({ timeout: 0 })).toThrow(TypeError);
	expect(upstash(client, { scope: "request", history: {} })).toMatchObject({ scope: "request" });
});

test("an option of the client itself is refused, and the error says where it belongs", () => {
	expect(() => upstash({ ...where, ...{ retry: false } })).toThrow(/upstash\(new Redis\(/);
	expect(() => upstash({ client: new Redis(where) } as object)).toThrow(
		/upstash\(client, options\)/,
	);
});
