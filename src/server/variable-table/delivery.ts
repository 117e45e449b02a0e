import type { Variable } from "./variable.ts";

/** How messages are kept and streamed. */
export const delivery: readonly Variable[] = [
	{
		name: "SSE_HISTORY_LENGTH",
		default: "nothing is kept",
		meaning:
			"How many messages of each channel are kept. This or the next variable turns [history](delivery.md) on, also on Durable Objects",
	},
	{
		name: "SSE_HISTORY_SECONDS",
		default: "nothing is kept",
		meaning: "For how many seconds messages are kept",
	},
	{
		name: "SSE_CHANNEL_PREFIX",
		default: "none",
		meaning: "What the names of channels begin with in Redis",
	},
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
		meaning: "How long messages may wait to be written together, in ms",
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
			"Streams are [compressed](compression.md) for clients that take gzip. Not on Workers. Do not set it where secrets and an attacker's text share a channel",
		isFlag: true,
	},
	{
		name: "SSE_COMPRESS_MEMORY",
		default: "16777216",
		meaning: "How much memory compression may use for all channels together, in bytes",
	},
	{
		name: "SSE_HOLD",
		default: "object",
		meaning:
			"On Workers with Durable Objects: [who holds the streams](workers.md#who-holds-the-streams). With `worker` the objects can sleep, with `object` an event takes no CPU time of the Worker",
	},
	{
		name: "SSE_WORKERS_PLAN",
		default: "paid",
		meaning:
			"On Workers: [the plan](workers.md#limits-to-know), `free` or `paid`. The plan limits a request's CPU time. A stream that the Worker makes ends before that, and its client reconnects",
	},
	{
		name: "SSE_LINGER",
		default: "2000",
		meaning: "How long a channel stays subscribed after its last stream has ended, in ms",
	},
];
