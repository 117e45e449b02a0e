import type { Connector } from "./connector.ts";
import type { Compression } from "./delivery/compression.ts";
import type { EndReason } from "./delivery/connection.ts";
import { logError, shielded } from "./error-handler.ts";
import type { ErrorHandler } from "./errors.ts";
import { type Advice, checkNames, checkSpelling } from "./known-names.ts";
import { checkedLimits, checkedNumber, type Limits } from "./limits.ts";
import type { EventMap, Schema, SchemaMap } from "./message/schema.ts";
import type { Authorize } from "./request/authorize.ts";
import { type CorsOptions, checkCors } from "./request/cors.ts";
import { areNames } from "./stream-options.ts";

/** One stream, as the hooks see it. Both hooks get the same object. */
export interface StreamInfo {
	/** The channels that the stream was granted. */
	readonly channels: readonly string[];
}

/** Which channels exist, and their names at the broker. */
export interface ChannelOptions {
	/**
	 * The only channels, for streams and for publishing. A `*` at the end matches any rest. Set
	 * this wherever other programs use the same Redis: a client can name any channel.
	 *
	 * @defaultValue every channel
	 */
	allowed?: readonly string[] | undefined;
	/**
	 * Put before each channel's name at the broker, and nowhere else.
	 *
	 * @defaultValue `""`, as in flask-sse
	 */
	prefix?: string | undefined;
}

/** The options of `ServerSentEvents`. Only `connector` is required. */
export interface ServerSentEventsOptions<Events extends object = EventMap> {
	/**
	 * The connector, or a function that makes it on first use. The function gets what the host
	 * passed to the fetch handler.
	 */
	connector: Connector | ((host?: unknown) => Connector);
	/**
	 * A schema for each type of event, from any validator that follows Standard Schema (zod,
	 * valibot, arktype): https://standardschema.dev. An event that does not fit, or has another
	 * type, is not published.
	 *
	 * @defaultValue any type, any data
	 */
	events?: { [Type in keyof Events]: Schema<Events[Type], unknown> } | undefined;
	/**
	 * Writes data as JSON. It also gets strings, which otherwise are sent as they are.
	 *
	 * @defaultValue `JSON.stringify`
	 */
	stringify?: ((data: unknown) => string) | undefined;
	/**
	 * Decides on each stream before anything is asked of the broker.
	 *
	 * @defaultValue everyone may read every channel
	 */
	authorize?: Authorize | undefined;
	/**
	 * Which channels exist, and their prefix at the broker.
	 *
	 * @defaultValue every channel, no prefix
	 */
	channels?: ChannelOptions | undefined;
	/**
	 * Which other origins' pages may read streams.
	 *
	 * @defaultValue none
	 */
	cors?: CorsOptions | undefined;
	/**
	 * A comment is sent after this much silence on a stream, in ms. The default stays under the
	 * 10 s after which Bun ends a silent response; Bun's server cannot always be told not to.
	 *
	 * @defaultValue `8_000`
	 */
	keepAlive?: number | undefined;
	/**
	 * Sends an event of type `sse.ping` instead of the comment, so that a page can notice it. One
	 * is sent at the beginning and then one every `keepAlive` ms; that interval is its data. Use
	 * it for a watchdog of your own: `edge-sse/client` asks for pings by `?sse.control=events`
	 * and needs no option.
	 *
	 * @defaultValue `false`
	 */
	ping?: boolean | undefined;
	/**
	 * How long messages may wait for each other, in ms, at most 1,000. What comes within this time is written at once, which
	 * saves most of the work at high rates. A message that comes after a silence does not wait.
	 *
	 * @defaultValue `0`: only messages that arrive together are written together
	 */
	flushEvery?: number | undefined;
	/**
	 * Compresses streams for clients that take it: `gzip()` of `edge-sse/compress`. Not on Workers, and not where secrets
	 * and text of an attacker share a channel.
	 *
	 * @defaultValue nothing is compressed
	 */
	compress?: Compression | undefined;
	/**
	 * How long a subscription at the broker outlives its last client, in ms.
	 *
	 * @defaultValue `2_000`
	 */
	linger?: number | undefined;
	/**
	 * What clients and messages may cost.
	 *
	 * @defaultValue the default of each limit
	 */
	limits?: Limits | undefined;
	/**
	 * How long a stream may last, in ms. Each ends at a random time in the last tenth of it, and
	 * its client reconnects. Use it on platforms that end functions, and to spread clients over
	 * new machines.
	 *
	 * @defaultValue no end
	 */
	maxDuration?: number | undefined;
	/**
	 * Called for every client whose stream has begun.
	 *
	 * @defaultValue none
	 */
	onConnect?: ((stream: StreamInfo, request: Request) => void) | undefined;
	/**
	 * Called when a stream has ended, with the reason and with how long it lasted, in ms.
	 *
	 * @defaultValue none
	 */
	onDisconnect?:
		| ((stream: StreamInfo, end: { reason: EndReason; duration: number }) => void)
		| undefined;
	/**
	 * Called for every error that no caller can catch.
	 *
	 * @defaultValue `console.error`, at most five lines a second of each kind
	 */
	onError?: ErrorHandler | undefined;
}

/** Names used by other libraries, elsewhere in this one, or in an earlier version. */
const advice: Advice = [
	["Did you mean keepAlive?", "heartbeat pingInterval"],
	['Write connector: redis("redis://…").', "redis url"],
	["Pass it to the connector: memory({ history }).", "history maxLength maxAge"],
	["Write channels: { allowed }.", "allowedChannels allowed"],
	["Write channels: { prefix }.", "channelPrefix prefix"],
	["Write limits: { connections }.", "maxConnections"],
	["Write limits: { channels }.", "maxChannels"],
	["Write limits: { bufferedBytes }.", "maxBufferedBytes"],
	["Write limits: { messageBytes }.", "maxMessageBytes"],
	["Write limits: { perClient: { key, connections } }.", "clientKey maxConnectionsPerClient"],
	["Did you mean authorize?", "auth"],
	["Did you mean onError?", "logger"],
	["Did you mean events?", "schema"],
	["Did you mean stringify?", "serialize"],
	['Write compress: gzip(), from "edge-sse/compress".', "compression gzip"],
];

/**
 * A timer with a longer delay fires at once:
 * https://developer.mozilla.org/docs/Web/API/Window/setTimeout
 */
const longestTimer = 2_147_483_647;

/** The options with their defaults. Those without a default may be undefined. */
export type CheckedOptions = ReturnType<typeof checkedOptions>;

/**
 * Fills in the defaults.
 *
 * @throws {TypeError} that names the option and its rule.
 */
export function checkedOptions<Events extends object>(options: ServerSentEventsOptions<Events>) {
	checkSpelling(
		options,
		[
			"connector events stringify authorize channels cors keepAlive ping flushEvery compress linger",
			"limits maxDuration onConnect onDisconnect onError",
		],
		advice,
	);
	const { connector, cors, compress } = options;
	const { channels = {} } = options;
	if (typeof channels !== "object" || Array.isArray(channels)) {
		throw new TypeError('channels: must be an object, as in { allowed: ["news"] }.');
	}
	checkNames("channels.", channels, ["allowed prefix"]);
	const { allowed, prefix = "" } = channels;
	if (typeof connector !== "function" && typeof connector?.subscribe !== "function") {
		throw new TypeError(
			'connector: must be a connector, as redis("redis://…") or memory() returns, or a function that makes one.',
		);
	}
	for (const name of ["authorize", "onConnect", "onDisconnect", "onError", "stringify"] as const) {
		if (options[name] === undefined || typeof options[name] === "function") continue;
		throw new TypeError(`${name}: must be a function.`);
	}
	if (allowed !== undefined && !areNames(allowed)) {
		throw new TypeError("channels.allowed: must be names of channels; a `*` may end them.");
	}
	if (typeof prefix !== "string") throw new TypeError("channels.prefix: must be a string.");
	if (compress !== undefined && typeof compress?.feed !== "function") {
		throw new TypeError('compress: must be what gzip() of "edge-sse/compress" returns.');
	}
	checkCors(cors);
	const onError = shielded(options.onError ?? logError);
	return {
		...options,
		events: options.events as SchemaMap | undefined,
		connector: typeof connector === "function" ? checkedMaker(connector, onError) : connector,
		channels: { allowed, prefix },
		limits: checkedLimits(options.limits),
		keepAlive: checkedNumber("keepAlive", options.keepAlive, 8_000, 1),
		flushEvery: checkedFlushEvery(options.flushEvery),
		linger: Math.min(checkedNumber("linger", options.linger, 2_000, 0), longestTimer),
		maxDuration: checkedNumber("maxDuration", options.maxDuration, Number.POSITIVE_INFINITY, 1),
		onError,
	};
}

/** The longest `flushEvery`, in ms. */
const longestFlush = 1_000;

function checkedFlushEvery(value: unknown): number {
	const ms = checkedNumber("flushEvery", value, 0, 0);
	if (ms <= longestFlush) return ms;
	throw new TypeError(`flushEvery: must be at most ${longestFlush} ms.`);
}

/** @throws {TypeError} when the function does not return a connector. */
function checkedMaker(make: (host?: unknown) => Connector, onError: ErrorHandler) {
	return (host?: unknown): Connector => {
		const made: unknown = make(host);
		if (typeof (made as Connector | undefined)?.subscribe === "function") return made as Connector;
		// Nothing else handles this rejection, and an unhandled one ends the process.
		if (made instanceof Promise) made.catch((error) => onError(error, { stage: "hook" }));
		throw new TypeError("connector: the function must return a connector, not a promise.");
	};
}
