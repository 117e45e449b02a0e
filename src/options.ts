import type { Connector } from "./connector.ts";
import { type ErrorHandler, SseError } from "./errors.ts";
import type { MessageOptions } from "./message.ts";

export interface ServerSentEventsOptions {
	/** The way to the broker, or a function that makes it on first use; it is given what the host gave. */
	connector: Connector | ((host?: unknown) => Connector);
	/**
	 * Silence on a stream after which a comment is sent, in ms. Default 8,000: under the 10 s after
	 * which Bun ends a silent response wherever its server cannot be asked not to.
	 */
	keepAlive?: number;
	/** How long an upstream subscription outlives its last client, in ms. Default 2,000. */
	linger?: number;
	/** Channels on one connection; more is a 400. Default 32. */
	maxChannels?: number;
	/** Characters in a channel's name; more is a 400. Default 512. */
	maxChannelLength?: number;
	/** What one client may leave unread before it is cut off, in bytes. Default 1 MiB. */
	maxBufferedBytes?: number;
	/** Hears of every error that no caller can catch. Default: `console.error`. */
	onError?: ErrorHandler;
}

export interface PublishOptions extends MessageOptions {
	/** Default `sse`. */
	channel?: string | undefined;
}

export interface StreamOptions {
	/** Instead of the request's own `?channel=`. */
	channel?: string | readonly string[] | undefined;
	/**
	 * With history: how many of each channel's newest messages a client that is new is sent first; 1 is the
	 * latest. One that comes back is sent what it missed instead. Default 0.
	 */
	recent?: number | undefined;
	/** What the runtime handed its fetch handler after the request (Bun's server, Deno's info). */
	host?: unknown;
}

/**
 * Fills in the defaults.
 *
 * @throws {TypeError} that names the option and its rule.
 */
export function checkedOptions(
	options: ServerSentEventsOptions,
): Required<ServerSentEventsOptions> {
	const { connector } = options;
	if (typeof connector !== "function" && typeof connector?.subscribe !== "function") {
		throw new TypeError(
			'connector: must be a connector, as redis("redis://…") or memory() returns, or a function that makes one.',
		);
	}
	const number = (name: NumericOption, fallback: number, least: number): number => {
		const value = options[name] ?? fallback;
		if (typeof value === "number" && Number.isFinite(value) && value >= least) return value;
		throw new TypeError(`${name}: must be a number of ${least} or more.`);
	};
	return {
		connector,
		keepAlive: number("keepAlive", 8_000, 1),
		linger: number("linger", 2_000, 0),
		maxChannels: number("maxChannels", 32, 1),
		maxChannelLength: number("maxChannelLength", 512, 1),
		maxBufferedBytes: number("maxBufferedBytes", 1_048_576, 0),
		onError: shielded(options.onError ?? logError),
	};
}

type NumericOption = Exclude<keyof ServerSentEventsOptions, "connector" | "onError">;

const logError: ErrorHandler = (error, { stage, channel }) => {
	const where = `edge-sse (${stage}${channel === undefined ? "" : `, ${channel}`}):`;
	// What is no fault of the program needs no stack.
	const routine =
		error instanceof SseError && (error.code === "bad_message" || error.code === "gap");
	console.error(where, routine ? error.message : error);
};

/** An `onError` that fails must not break what it was told about, be it at once or later. */
function shielded(onError: ErrorHandler): ErrorHandler {
	const failed = (error: unknown) => console.error("edge-sse: onError failed.", error);
	return (error, context) => {
		try {
			const result: unknown = onError(error, context);
			if (result instanceof Promise) result.catch(failed);
		} catch (thrown) {
			failed(thrown);
		}
	};
}
