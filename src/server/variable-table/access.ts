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
		meaning: "Everybody who reaches the hub may publish",
		isFlag: true,
	},
	{
		name: "SSE_HOSTS",
		default: "any but on loopback",
		meaning:
			"[Names of hosts](#which-hosts-it-answers-to), with commas, that requests may name besides loopback's",
	},
	{
		name: "SSE_CHANNELS",
		default: "every channel",
		meaning: "The only channels that exist, with commas (`news, room.*`)",
	},
	{
		name: "SSE_RUNS_PREFIX",
		default: "none",
		meaning:
			"The `prefix` of [runs](runs.md) on the same broker, which their channels begin with. Nobody may publish to these over HTTP. `/run` streams them, and the page shows their state",
	},
	{
		name: "SSE_PUBLIC_CHANNELS",
		default: "none",
		meaning: "Channels that need no token, with commas. Without a key they are the only channels",
	},
	{
		name: "SSE_JWT_SECRET",
		default: "everyone may read",
		meaning:
			"Turns on [signed tokens](access.md#the-hub), which are checked with this secret or with the keys of the next variable. " +
			"Every channel that is not public then needs one, and a token may also allow publishing",
		secret: "always",
	},
	{
		name: "SSE_JWKS_URL",
		default: "",
		meaning: "The address of the public keys that tokens are checked with",
	},
	{ name: "SSE_JWT_ISSUER", default: "not checked", meaning: "What a token's `iss` must be" },
	{
		name: "SSE_JWT_AUDIENCE",
		default: "not checked",
		meaning: "What a token's `aud` must contain",
	},
	{
		name: "SSE_JWT_CLAIM",
		default: "channels",
		meaning: "The claim of a token that has its channels",
	},
	{ name: "SSE_JWT_COOKIE", default: "none", meaning: "A cookie that may hold the token" },
	{
		name: "SSE_CORS_ORIGIN",
		default: "no other origin",
		meaning:
			"Other origins whose pages may use the hub (`https://app.example.com`), with commas, or `*`",
	},
	{
		name: "SSE_CORS_CREDENTIALS",
		default: "false",
		meaning: "Pages of these origins may send cookies",
		isFlag: true,
	},
	{
		name: "SSE_RELAY_TOKEN",
		default: "nobody",
		meaning:
			"Other hubs that send this token may [relay](relay.md) this one. They may read and publish every channel",
		secret: "always",
	},
	{
		name: "SSE_METRICS_TOKEN",
		default: "none",
		meaning: "The bearer token that `/metrics` requires",
		secret: "always",
	},
];
