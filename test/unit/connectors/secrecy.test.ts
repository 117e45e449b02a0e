import { inspect } from "node:util";
import fc from "fast-check";
import { expect, test } from "vitest";
import { jwtAuthorizer } from "../../../src/auth.ts";
import { addressOf } from "../../../src/connectors/redis/address.ts";
import { type RedisTarget, redis } from "../../../src/connectors/redis.ts";
import { upstash } from "../../../src/connectors/upstash.ts";
import { connectorFromEnvironment } from "../../../src/environment.ts";

/** A password as generators make them, and as no URL may hold one: each part of it is a word to look for. */
const word = "s3cr3t";
const special = fc.string({
	unit: fc.constantFrom(..."#/?@%&=+:;,.!$^*()[]{}|\\<>\"'`~ \t\n0é😀"),
	maxLength: 6,
});
const password = fc
	.array(special, { minLength: 1, maxLength: 4 })
	.map((parts) => word + parts.map((part) => part + word).join(""));
const host = "127.0.0.1:1";
// The same seed every time: a run can be had again.
const runs = { numRuns: 300, seed: 20_261_129 };

/** All that can be shown of an error: its words, its stack, its cause, and what hangs on it. */
function shown(error: unknown): string {
	const { message, stack, cause } = error as Error;
	return `${message} ${stack} ${String(cause)} ${inspect(error, { depth: 9, showHidden: true })}`;
}

/** @returns whether it was taken; if not, nothing of the password is in the error. */
function taken(make: () => unknown): boolean {
	try {
		make();
		return true;
	} catch (error) {
		expect(shown(error)).not.toContain(word);
		expect(shown(error)).not.toContain("3cr3");
		return false;
	}
}

const node = { host: "127.0.0.1", port: 1 };
const targets: [what: string, target: (url: string) => unknown][] = [
	["a URL", (url) => url],
	["options", (url) => ({ url })],
	["a URL with TLS", (url) => url.replace("redis:", "rediss:")],
	["a root node", (url) => ({ rootNodes: [{ url: `redis://${host}` }, { url }] })],
	[
		"the defaults of a Cluster",
		(url) => ({ rootNodes: [{ url: `redis://${host}` }], defaults: { url } }),
	],
	[
		"a Sentinel group's servers",
		(url) => ({ name: "m", sentinelRootNodes: [node], nodeClientOptions: { url } }),
	],
	["a host", (url) => ({ socket: { host: url } })],
	["a Sentinel's host", (url) => ({ name: "m", sentinelRootNodes: [{ host: url, port: 1 }] })],
	["a misspelt field", (url) => ({ [url]: url })],
];

test.each(targets)("a password in %s is in no text, and is never dialled", (_, target) => {
	fc.assert(
		fc.property(password, fc.constantFrom("user", ""), (password, user) => {
			const url = `redis://${user}:${password}@${host}/0`;
			if (!taken(() => redis(target(url) as RedisTarget))) return;
			expect(addressOf({ url })).toBe(host);
		}),
		runs,
	);
});

test("percent-encoded it is taken, and is the password", () => {
	fc.assert(
		fc.property(password, (password) => {
			const url = `redis://user:${encodeURIComponent(password)}@${host}/0`;
			expect(taken(() => redis(url))).toBe(true);
			expect(addressOf({ url })).toBe(host);
			expect(decodeURIComponent(new URL(url).password)).toBe(password);
		}),
		runs,
	);
});

test.each([..."#/?@%\t\n "])("%j in a password must be percent-encoded", (character) => {
	const url = `redis://default:57${character}Wc903z@127.0.0.1:6379/0`;
	expect(() => redis(url)).toThrow(/must be percent-encoded/);
	expect(() => redis({ rootNodes: [{ url }] })).toThrow(
		/rootNodes\[0\]\..*must be percent-encoded/,
	);
	const environment = { SSE_REDIS_URL: url };
	expect(() => connectorFromEnvironment(redis, environment)).toThrow(/must be percent-encoded/);
});

test.each<[what: string, make: (secret: string) => unknown]>([
	["Upstash's URL", (secret) => upstash({ url: `https://user:${secret}@${host}`, token: "t" })],
	[
		"Upstash's URL as a token",
		(secret) => upstash({ url: `https://${host}/?t=${secret}`, token: "t" }),
	],
	[
		"a redis: URL for Upstash",
		(secret) => upstash({ url: `rediss://:${secret}@${host}`, token: "t" }),
	],
	["what is no URL", (secret) => upstash({ url: secret, token: "t" })],
	[
		"the environment",
		(secret) =>
			connectorFromEnvironment(redis, {
				UPSTASH_REDIS_REST_URL: `https://:${secret}@${host}`,
				UPSTASH_REDIS_REST_TOKEN: "t",
			}),
	],
	["a JWKS URL", (secret) => jwtAuthorizer({ jwksUrl: `https://user:${secret}@${host}/keys` })],
])("a secret in %s is refused, without a word of it", (_, make) => {
	fc.assert(
		fc.property(password, (secret) => {
			expect(taken(() => make(secret))).toBe(false);
		}),
		runs,
	);
});

test.each([" ", "\n", "\r\n", "\t", "é", "\0"])(
	"an Upstash token with %j in it is refused",
	(character) => {
		const url = `http://${host}`;
		expect(taken(() => upstash({ url, token: `${word}${character}${word}` }))).toBe(false);
		// As a file or a shell ends it.
		if (character.trim() === "")
			expect(taken(() => upstash({ url, token: `${word}${character}` }))).toBe(true);
	},
);

test("what cannot be reached says nothing of how it was asked", async () => {
	const secret = `${word}#/?@%`;
	const url = `redis://user:${encodeURIComponent(secret)}@${host}/0`;
	const asked = [
		redis(url, { timeout: 200 }),
		redis({ rootNodes: [{ url }] }, { timeout: 200 }),
		redis(
			{
				...{ name: "m", sentinelRootNodes: [node] },
				...{ nodeClientOptions: { password: secret }, sentinelClientOptions: { password: secret } },
			},
			{ timeout: 200 },
		),
		upstash({ url: `http://${host}`, token: word, timeout: 200 }),
	];
	for (const connector of asked) {
		const error: unknown = await connector.publish("a", "x").catch((error: unknown) => error);
		expect(error).toMatchObject({ code: "unavailable" });
		expect(shown(error)).not.toContain(word);
		expect(connector.name).not.toContain(word);
		await connector.close();
	}
});
