import type { Variable } from "./variable.ts";

/** Limits, ends and logs. */
export const operation: readonly Variable[] = [
	{
		name: "SSE_PROCESSES",
		default: "1",
		meaning:
			"[Processes](processes.md) that share the port, or `auto`: one for each processor. On Bun and Deno on Linux only, and not on Workers",
	},
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
