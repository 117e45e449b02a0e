import type { Variable } from "./variable.ts";

/** Limits, ends and logs. */
export const operation: readonly Variable[] = [
	{
		name: "SSE_PROCESSES",
		default: "1",
		meaning:
			"[Processes](processes.md) that share the port, or `auto`: one for each processor. Bun and Deno need Linux for it. Not on Workers",
	},
	{
		name: "SSE_MAX_CONNECTIONS",
		default: "50000",
		meaning: "How many [streams](operations.md#limits) there may be at a time",
	},
	{
		name: "SSE_MAX_DURATION",
		default: "for ever",
		meaning: "How long a stream lasts, in ms",
	},
	{
		name: "SSE_MAX_BUFFERED_BYTES",
		default: "1048576",
		meaning: "How much one client may leave unread, in bytes",
	},
	{
		name: "SSE_MAX_MESSAGE_BYTES",
		default: "1048576",
		meaning: "How large one message may be when it is published, in bytes",
	},
	{
		name: "SSE_DRAIN",
		default: "5000",
		meaning: "Over how long the ends of streams are spread when the process stops, in ms",
	},
	{
		name: "SSE_WEBHOOK_URL",
		default: "none",
		meaning:
			"The URL that gets [webhooks](hub.md#webhooks): of streams that begin and end, and of channels that become occupied or vacant. Not on Workers",
	},
	{
		name: "SSE_WEBHOOK_SECRET",
		default: "",
		meaning: "The key that signs webhooks: `whsec_` and 24 to 64 random bytes in base64",
		secret: "always",
	},
	{
		name: "SSE_LOG_CONNECTIONS",
		default: "false",
		meaning: "Logs each connect and disconnect as a line of JSON",
		isFlag: true,
	},
];
