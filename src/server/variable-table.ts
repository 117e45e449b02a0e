/**
 * A variable of the hub. This table makes the command's options, its `env`, and the table of
 * docs/hub.md.
 */
export interface Variable {
	name: string;
	/** In words. Empty: none. */
	default: string;
	/** In Markdown, with links relative to docs/. */
	meaning: string;
	/**
	 * Whether it holds a secret. Then it is set by the environment or by a file, never by an
	 * argument.
	 */
	secret?: "always" | "with a password";
	/** true or false. */
	isFlag?: true;
	/** The command has an option for another name of the same. */
	hasNoOption?: true;
}

const broker: readonly Variable[] = [
	{
		name: "SSE_REDIS_URL",
		default: "",
		meaning:
			"The broker: a `redis:`, `rediss:` or `https:` (Upstash) URL. The first broker that is set counts; none: " +
			"`memory()`, on Workers a Durable Object",
		secret: "with a password",
	},
	{
		name: "REDIS_URL",
		default: "",
		meaning: "The same, where `SSE_REDIS_URL` is not set",
		secret: "with a password",
		hasNoOption: true,
	},
	{
		name: "UPSTASH_REDIS_REST_URL",
		default: "",
		meaning: "Upstash's REST address; its token goes with it",
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
		meaning: "[Another hub](relay.md) instead of a broker: its address",
	},
	{
		name: "SSE_UPSTREAM_TOKEN",
		default: "",
		meaning: "What that hub has as its `SSE_RELAY_TOKEN`",
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
			"How long the broker may take to publish, or to subscribe, in ms. A machine without a free processor needs more. Not of Durable Objects",
	},
];

const access: readonly Variable[] = [
	{
		name: "SSE_PUBLISH_TOKEN",
		default: "made at each start on loopback",
		meaning: "Whoever sends this token [may publish](#who-may-publish) over HTTP",
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

const delivery: readonly Variable[] = [
	{
		name: "SSE_HISTORY_LENGTH",
		default: "nothing is kept",
		meaning:
			"Messages to keep per channel; this or the next switches [history](delivery.md) on. On Durable Objects, too",
	},
	{
		name: "SSE_HISTORY_SECONDS",
		default: "nothing is kept",
		meaning: "For how many seconds they are kept",
	},
	{ name: "SSE_CHANNEL_PREFIX", default: "none", meaning: "What goes before channels in Redis" },
	{
		name: "SSE_KEEP_ALIVE",
		default: "8000",
		meaning: "The silence after which a stream is sent a keep-alive, in ms",
	},
	{
		name: "SSE_PING",
		default: "false",
		meaning: "Keep-alives are `sse.ping` events, which a page can hear",
		isFlag: true,
	},
	{
		name: "SSE_FLUSH_EVERY",
		default: "0",
		meaning: "How long messages may wait for each other to be written at once, in ms",
	},
	{
		name: "SSE_PRESENCE",
		default: "false",
		meaning:
			"[Members](presence.md#the-hub) are counted by the `sub` of signed tokens. On Workers with Durable Objects only",
		isFlag: true,
	},
	{
		name: "SSE_COMPRESS",
		default: "false",
		meaning:
			"Streams are [compressed](compression.md) for clients that take gzip. Not on Workers, and not where secrets and text of an attacker share a channel",
		isFlag: true,
	},
	{
		name: "SSE_COMPRESS_MEMORY",
		default: "16777216",
		meaning: "What compression may keep of all channels together, in bytes",
	},
	{
		name: "SSE_HOLD",
		default: "object",
		meaning:
			"On Workers with Durable Objects: [who holds the streams](workers.md#who-holds-the-streams). `worker` lets the objects sleep, `object` takes no CPU of the Worker per event",
	},
	{
		name: "SSE_WORKERS_PLAN",
		default: "paid",
		meaning:
			"On Workers: [the plan](workers.md#limits-to-know), `free` or `paid`. It limits a request's CPU time. So a stream that the Worker makes ends before that, and its client reconnects",
	},
	{
		name: "SSE_LINGER",
		default: "2000",
		meaning: "How long a channel stays subscribed that nobody reads any more, in ms",
	},
];

const operation: readonly Variable[] = [
	{
		name: "SSE_MAX_CONNECTIONS",
		default: "50000",
		meaning: "[Streams at a time](operations.md#limits)",
	},
	{
		name: "SSE_MAX_DURATION",
		default: "for ever",
		meaning: "How long a stream lasts, in ms",
	},
	{
		name: "SSE_MAX_BUFFERED_BYTES",
		default: "1048576",
		meaning: "What one client may leave unread, in bytes",
	},
	{
		name: "SSE_MAX_MESSAGE_BYTES",
		default: "1048576",
		meaning: "One message as it is published, in bytes",
	},
	{
		name: "SSE_DRAIN",
		default: "5000",
		meaning: "Over how many ms streams are ended when the process is told to stop",
	},
	{
		name: "SSE_WEBHOOK_URL",
		default: "none",
		meaning:
			"Is told by [webhooks](hub.md#webhooks) of streams that begin and end, and of channels that become occupied or vacant. Not on Workers",
	},
	{
		name: "SSE_WEBHOOK_SECRET",
		default: "",
		meaning: "What webhooks are signed with: `whsec_` and 24 to 64 random bytes in base64",
		secret: "always",
	},
	{
		name: "SSE_LOG_CONNECTIONS",
		default: "false",
		meaning: "Logs each connect and disconnect as a line of JSON",
		isFlag: true,
	},
];

/** All that the hub reads from its environment. */
export const variables: readonly Variable[] = [
	{ name: "HOST", default: "127.0.0.1", meaning: "The address to listen on" },
	{ name: "PORT", default: "8787", meaning: "The port; 0: the system chooses" },
	...broker,
	...access,
	...delivery,
	...operation,
];
