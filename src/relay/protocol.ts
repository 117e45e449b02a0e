import type { Disconnect } from "../core/control/disconnect.ts";
import { byteLength } from "../core/message/text.ts";

/** The version of the protocol. A hub with another version refuses the request, and says why. */
export const version = 1;

/** The header with the version. */
export const versionHeader = "edge-sse-relay";

/** The header with the ids of all relays that a request has passed. It shows hubs that relay each other in a circle. */
export const viaHeader = "edge-sse-via";

/** How many channels one stream may carry, with names of up to `bytesOfChannel`. */
export const mostChannels = 10_000;

/** The length of a name that counts as one channel, in bytes of JSON. */
const bytesOfChannel = 400;

/**
 * How much of a stream's `mostChannels` a channel takes. A channel with a long name takes more than one. So a request
 * never has more bytes than a hub reads, whatever names clients choose.
 */
export function weightOf(name: string): number {
	// A UTF-16 code unit has at most 6 bytes in JSON.
	if (name.length * 6 <= bytesOfChannel) return 1;
	return Math.max(1, byteLength(JSON.stringify(name)) / bytesOfChannel);
}

/** How often the hub writes to a silent stream, in ms. */
export const pingInterval = 8_000;

/** What a relay may ask for. Each is the body of one `POST`. */
export type RelayRequest =
	| { readonly op: "check" }
	| {
			readonly op: "subscribe";
			readonly channels: readonly string[];
			/** Whether each channel's position comes with its confirmation. */
			readonly positions: boolean;
	  }
	| {
			readonly op: "publish";
			readonly messages: readonly {
				readonly channel: string;
				readonly payload: string;
				readonly keep?: boolean | undefined;
				readonly key?: string | undefined;
			}[];
	  }
	| {
			readonly op: "read";
			readonly channel: string;
			readonly after: string;
			readonly limit: number;
	  }
	| { readonly op: "head"; readonly channel: string; readonly back: number }
	| { readonly op: "forget"; readonly channel: string }
	| { readonly op: "run"; readonly call: RunCall; readonly args: readonly unknown[] };

/** The methods of a `RunStore`, whose first argument is the channel. */
export const runCalls = ["claim", "append", "finish", "status", "cancel", "delete"] as const;
export type RunCall = (typeof runCalls)[number];

/** What `check` answers. */
export interface RelayFacts {
	readonly history: boolean;
	readonly runs: boolean;
}

/**
 * One line of a stream: a JSON array of a kind, a channel, a number and more. The number counts the lines of the channel
 * in its epoch. An epoch is one subscription of the hub's process. Two streams of one epoch have the same lines with the
 * same numbers, so a relay can change from one stream to another without a loss.
 */
export type RelayLine =
	/** The hub has taken the request. */
	| readonly ["open", RelayFacts]
	/** The channel is subscribed to. */
	| LiveLine
	/** A message: the payload, as the broker sent it. */
	| readonly ["m", string, number, string]
	| readonly ["lost", string, number, string]
	| readonly ["restored", string, number]
	| readonly ["degraded", string, number, string]
	| readonly ["disconnect", string, number, Disconnect]
	/** The subscription has ended: the code and the message of its error. */
	| readonly ["end", string, number, string, string]
	/** The hub has nothing to say, and is alive. */
	| readonly ["ping"];

/** The number of the channel's next line, its epoch, its position, and whether the hub has lost its broker. */
export type LiveLine = readonly ["live", string, number, string, string | null, boolean];

/** A line that has a number. */
export type NumberedLine = Exclude<RelayLine, readonly ["open" | "live" | "ping", ...unknown[]]>;

export function lineText(line: RelayLine): string {
	return `${JSON.stringify(line)}\n`;
}
