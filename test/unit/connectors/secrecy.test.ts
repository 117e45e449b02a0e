import { inspect } from "node:util";
import fc from "fast-check";
import { expect, test } from "vitest";
import { jwtAuthorizer } from "../../../src/auth.ts";
import { addressOf } from "../../../src/connectors/redis/address.ts";
import { type RedisTarget, redis } from "../../../src/connectors/redis.ts";
import { upstash } from "../../../src/connectors/upstash.ts";
import { connectorFromEnvironment } from "../../../src/environment.ts";

/**
 * A password as generators make them, which no URL may hold unencoded. Each part of it contains a word to look
 * for.
 */
const word = "s3cr3t";
const special = fc.string({
	unit: fc.constantFrom(..."#/?@%&=+:;,.!$^*()[]{}|\\<>\"'`~ \t\n0é😀"),
	maxLength: 6,
});
const password = fc
	.array(special, { minLength: 1, maxLength: 4 })
	.map((parts) => word + parts.map((part) => part + word).join(""));
const host = "127.0.0.1:1";
// The same seed every time, so that a run can be repeated.
const runs = { numRuns: 300, seed: 20_261_129 };

/** All that can be shown of an error: its message, its stack, its cause and its properties. */
function shown(error: unknown): string {
	const { message, stack, cause } = error as Error;
	return `${message} ${stack} ${String(cause)} ${inspect(error, { depth: 9, showHidden: true })}`;
}

/** @returns whether the call accepted it; otherwise checks that the error shows no part of the password. */
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

test.each(targets)(
	"an unencoded password in %s appears in no error, and is never taken for a host",
	(_, target) => {
		fc.assert(
			fc.property(password, fc.constantFrom("user", ""), (password, user) => {
				const url = `redis://${user}:${password}@${host}/0`;
				if (!taken(() => redis(target(url) as RedisTarget))) return;
				expect(addressOf({ url })).toBe(host);
			}),
			runs,
		);
	},
);

test("a percent-encoded password is accepted and decoded", () => {
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
])("a secret in %s is refused, and the error does not show it", (_, make) => {
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
		// A file or a shell may end a token so.
		if (character.trim() === "")
			expect(taken(() => upstash({ url, token: `${word}${character}` }))).toBe(true);
	},
);

test("the error of an unreachable broker does not show the secret", async () => {
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
