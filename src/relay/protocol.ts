import type { Disconnect } from "../core/control/disconnect.ts";
import { byteLength } from "../core/message/text.ts";

/** The version that both sides speak. A hub with another one refuses in words. */
export const version = 1;

/** The header that names the version. */
export const versionHeader = "edge-sse-relay";

/** The header that lists the relays which a request has passed, by their ids. It finds circles. */
export const viaHeader = "edge-sse-via";

/** The most channels that one stream carries. Their names may have 400 bytes each, as JSON. */
export const mostChannels = 10_000;

const bytesOfChannel = 400;

/**
 * How much of a stream's `mostChannels` a channel takes: more than one if its name is long. So a request stays well below
 * the bytes that a hub reads, whatever names clients choose.
 */
export function weightOf(name: string): number {
	// JSON has at most 6 bytes for a character.
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
 * One line of a stream: a JSON array. `n` counts the lines of a channel since its `epoch` began, which is one
 * subscription of the hub's process. Two streams of one epoch have the same lines with the same numbers, so that a relay
 * can go from one stream to another without a loss.
 */
export type RelayLine =
	/** The stream is there. */
	| readonly ["open", RelayFacts]
	/** The channel is subscribed to: the number of its next line, its epoch, its position, and whether it is lost now. */
	| LiveLine
	/** The payload, as the broker has it. */
	| readonly ["m", string, number, string]
	| readonly ["lost", string, number, string]
	| readonly ["restored", string, number]
	| readonly ["degraded", string, number, string]
	| readonly ["disconnect", string, number, Disconnect]
	/** The subscription is over: a code and a message. */
	| readonly ["end", string, number, string, string]
	/** A sign of life. */
	| readonly ["ping"];

export type LiveLine = readonly ["live", string, number, string, string | null, boolean];

/** A line that belongs to a channel's count. */
export type NumberedLine = Exclude<RelayLine, readonly ["open" | "live" | "ping", ...unknown[]]>;

export function lineText(line: RelayLine): string {
	return `${JSON.stringify(line)}\n`;
}
