import type { Variable } from "./variable.ts";

/** Which broker the hub has. */
export const broker: readonly Variable[] = [
	{
		name: "SSE_REDIS_URL",
		default: "",
		meaning:
			"The broker: a `redis:`, `rediss:` or `https:` (Upstash) URL. The hub uses the first broker that is set. Without any it " +
			"uses `memory()`, on Workers a Durable Object",
		secret: "with a password",
	},
	{
		name: "REDIS_URL",
		default: "",
		meaning: "The same, used where `SSE_REDIS_URL` is not set",
		secret: "with a password",
		hasNoOption: true,
	},
	{
		name: "UPSTASH_REDIS_REST_URL",
		default: "",
		meaning: "Upstash's REST address. It needs the token, too",
	},
	{
		name: "UPSTASH_REDIS_REST_TOKEN",
		default: "",
		meaning: "Upstash's token, for this address or for an `https:` URL above",
		secret: "always",
	},
	{
		name: "KV_REST_API_URL",
		default: "",
		meaning: "Vercel's name for Upstash's address",
		hasNoOption: true,
	},
	{
		name: "KV_REST_API_TOKEN",
		default: "",
		meaning: "Vercel's name for Upstash's token",
		secret: "always",
		hasNoOption: true,
	},
	{
		name: "SSE_UPSTREAM_URL",
		default: "",
		meaning: "The address of [another hub](relay.md) to use instead of a broker",
	},
	{
		name: "SSE_UPSTREAM_TOKEN",
		default: "",
		meaning: "The `SSE_RELAY_TOKEN` of that hub",
		secret: "always",
	},
	{
		name: "SSE_UPSTREAM_HISTORY",
		default: "false",
		meaning: "Whether that hub's broker keeps messages",
		isFlag: true,
	},
	{
		name: "SSE_BROKER_TIMEOUT",
		default: "3000, with Upstash 5000",
		meaning:
			"How long the broker may take to publish, or to subscribe, in ms. A machine without a free processor needs more. It does not apply to Durable Objects",
	},
];
