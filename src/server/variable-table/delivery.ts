import type { Variable } from "./variable.ts";

/** How messages are kept and streamed. */
export const delivery: readonly Variable[] = [
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
