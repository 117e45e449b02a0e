import type { Variable } from "./variable.ts";

/** Who may reach, read and publish. */
export const access: readonly Variable[] = [
	{
		name: "SSE_PUBLISH_TOKEN",
		default: "made at each start on loopback",
		meaning: "A request with this token [may publish](#who-may-publish) over HTTP",
		secret: "always",
	},
	{
		name: "SSE_PUBLISH_OPEN",
		default: "false",
		meaning: "Everybody may publish who reaches the hub",
		isFlag: true,
	},
	{
		name: "SSE_HOSTS",
		default: "any but on loopback",
		meaning:
			"[Names of hosts](#which-hosts-it-answers-to), with commas, by which it may be called besides loopback's",
	},
	{
		name: "SSE_CHANNELS",
		default: "every channel",
		meaning: "The only channels there are, with commas (`news, room.*`)",
	},
	{
		name: "SSE_RUNS_PREFIX",
		default: "none",
		meaning:
			"What the channels of [runs](runs.md) on the same broker begin with, their `prefix`. Nobody publishes to these over HTTP; `/run` streams them, and the page shows how they stand",
	},
	{
		name: "SSE_PUBLIC_CHANNELS",
		default: "none",
		meaning: "Channels that need no token, with commas; without a key, the only ones there are",
	},
	{
		name: "SSE_JWT_SECRET",
		default: "everyone may read",
		meaning:
			"Streams need a token for every channel that is not public, and a token may publish: " +
			"[signed tokens](access.md#the-hub), checked with this secret or with the keys of the next",
		secret: "always",
	},
	{
		name: "SSE_JWKS_URL",
		default: "",
		meaning: "The address of the public keys that tokens are checked with",
	},
	{ name: "SSE_JWT_ISSUER", default: "not looked at", meaning: "What a token's `iss` must be" },
	{ name: "SSE_JWT_AUDIENCE", default: "not looked at", meaning: "What a token's `aud` must hold" },
	{ name: "SSE_JWT_CLAIM", default: "channels", meaning: "Where the channels are in a token" },
	{ name: "SSE_JWT_COOKIE", default: "none", meaning: "A cookie that may hold the token" },
	{
		name: "SSE_CORS_ORIGIN",
		default: "no other origin",
		meaning: "Origins whose pages may use the hub (`https://app.example.com`), with commas, or `*`",
	},
	{
		name: "SSE_CORS_CREDENTIALS",
		default: "false",
		meaning: "Their pages may send cookies",
		isFlag: true,
	},
	{
		name: "SSE_RELAY_TOKEN",
		default: "nobody",
		meaning:
			"Other hubs that send this token may [relay](relay.md) this one: they read and publish every channel",
		secret: "always",
	},
	{
		name: "SSE_METRICS_TOKEN",
		default: "none",
		meaning: "Required as a bearer token for `/metrics`",
		secret: "always",
	},
];
