import type { Connector } from "./connector.ts";
import type { EndReason } from "./delivery/connection.ts";
import { logError, shielded } from "./error-handler.ts";
import type { ErrorHandler } from "./errors.ts";
import { type Advice, checkNames, checkSpelling } from "./known-names.ts";
import { checkedLimits, checkedNumber, type Limits } from "./limits.ts";
import type { EventMap, Schema, SchemaMap } from "./message/schema.ts";
import type { Authorize } from "./request/authorize.ts";
import { type CorsOptions, checkCors } from "./request/cors.ts";

/** One stream, as the hooks see it: the same object in both. */
export interface StreamInfo {
	/** The channels that it was granted. */
	readonly channels: readonly string[];
}

/** Which channels there are, and how the broker knows them. */
export interface ChannelOptions {
	/**
	 * The only channels, for streams and for publishing; a `*` at the end stands for any rest. Set it wherever other
	 * programs use the same Redis: a client can name any channel.
	 *
	 * @defaultValue every channel
	 */
	allowed?: readonly string[] | undefined;
	/**
	 * Goes before each channel's name at the broker, and nowhere else.
	 *
	 * @defaultValue `""`, as in flask-sse
	 */
	prefix?: string | undefined;
}

export interface ServerSentEventsOptions<Events extends object = EventMap> {
	/** The way to the broker, or a function that makes it on first use; it is given what the host gave. */
	connector: Connector | ((host?: unknown) => Connector);
	/**
	 * A schema for each type of event, of any validator that speaks Standard Schema (zod, valibot, arktype). What does not
	 * fit, or has another type, is not published. Default: any type, any data.
	 */
	events?: { [Type in keyof Events]: Schema<Events[Type], unknown> } | undefined;
	/** Writes data as JSON, in place of `JSON.stringify`; for strings as well, which otherwise go out as they are. */
	stringify?: ((data: unknown) => string) | undefined;
	/** Decides on every stream before anything upstream is touched. Default: everyone may have every channel. */
	authorize?: Authorize | undefined;
	/** Which channels there are, and what their names begin with at the broker. */
	channels?: ChannelOptions | undefined;
	/** Which other origins' pages may read streams. Default: none. */
	cors?: CorsOptions | undefined;
	/**
	 * Silence on a stream after which a comment is sent, in ms. Default 8,000: under the 10 s after
	 * which Bun ends a silent response wherever its server cannot be asked not to.
	 */
	keepAlive?: number | undefined;
	/**
	 * Keeps streams alive with an event of type `sse.ping`, which a page can hear, in place of the comment: one at the
	 * beginning and then every `keepAlive` ms, which is its data. For watchdogs of your own: `edge-sse/client` asks for it
	 * by `?sse.control=events`, and has it either way.
	 */
	ping?: boolean | undefined;
	/** How long an upstream subscription outlives its last client, in ms. Default 2,000. */
	linger?: number | undefined;
	/** What clients and messages may cost. */
	limits?: Limits | undefined;
	/**
	 * How long a stream may last, in ms. It ends up to a tenth earlier, at a time of its own, and the client comes
	 * back: for platforms that end functions, and so that clients spread over new machines. Default: for ever.
	 */
	maxDuration?: number | undefined;
	/** Hears of every client whose stream has begun. */
	onConnect?: ((stream: StreamInfo, request: Request) => void) | undefined;
	/** Hears of its end, why it was, and how long it had lasted, in ms. */
	onDisconnect?:
		| ((stream: StreamInfo, end: { reason: EndReason; duration: number }) => void)
		| undefined;
	/** Hears of every error that no caller can catch. Default: `console.error`. */
	onError?: ErrorHandler | undefined;
}

export interface StreamOptions {
	/**
	 * Instead of the request's own `?channel=`: a name, or a list of at least one. Leave it out to let the client choose;
	 * `undefined` is a `TypeError`, as the choice would be the client's by mistake.
	 */
	channel?: string | readonly string[];
	/**
	 * With history: how many of each channel's newest messages a client that is new is sent first; 1 is the
	 * latest. One that comes back is sent what it missed instead. Default 0.
	 */
	recent?: number | undefined;
	/**
	 * When the stream is to end, so that the client comes back and is asked again; in ms since 1970. Leave it out for a
	 * stream without an end; `undefined` is a `TypeError`.
	 */
	expires?: number;
	/** What the runtime handed its fetch handler after the request (Bun's server, Deno's info). */
	host?: unknown;
}

/** What the same is called in other libraries, by us elsewhere, and was called before. */
const advice: Advice = [
	["Did you mean keepAlive?", "heartbeat pingInterval"],
	['Write connector: redis("redis://…").', "redis url"],
	["It goes to the connector: memory({ history }).", "history maxLength maxAge"],
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
];

/** A timer of more ms fires at once: https://developer.mozilla.org/docs/Web/API/Window/setTimeout */
const longestTimer = 2_147_483_647;

/** With the defaults filled in; what has none may be undefined. */
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
			"connector events stringify authorize channels cors keepAlive ping linger limits",
			"maxDuration onConnect onDisconnect onError",
		],
		advice,
	);
	const { connector, cors } = options;
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
	checkCors(cors);
	const onError = shielded(options.onError ?? logError);
	return {
		...options,
		events: options.events as SchemaMap | undefined,
		connector: typeof connector === "function" ? checkedMaker(connector, onError) : connector,
		channels: { allowed, prefix },
		limits: checkedLimits(options.limits),
		keepAlive: checkedNumber("keepAlive", options.keepAlive, 8_000, 1),
		linger: Math.min(checkedNumber("linger", options.linger, 2_000, 0), longestTimer),
		maxDuration: checkedNumber("maxDuration", options.maxDuration, Number.POSITIVE_INFINITY, 1),
		onError,
	};
}

/** @throws {TypeError} when what the function returns is no connector. */
function checkedMaker(make: (host?: unknown) => Connector, onError: ErrorHandler) {
	return (host?: unknown): Connector => {
		const made: unknown = make(host);
		if (typeof (made as Connector | undefined)?.subscribe === "function") return made as Connector;
		// Nobody else would hear of its rejection, and an unheard one ends the process.
		if (made instanceof Promise) made.catch((error) => onError(error, { stage: "hook" }));
		throw new TypeError("connector: the function must return a connector, and no promise of one.");
	};
}

/** @throws {TypeError} that names the option and its rule. */
export function checkStreamOptions(options: StreamOptions): void {
	// A misspelt channel would leave it to the client which one it reads; and so would one that is there and undefined.
	checkNames("Cannot stream. ", options, ["channel recent expires host"]);
	if ("channel" in options) checkRouteChannel(options.channel);
	const { recent = 0, expires } = options;
	if (!Number.isSafeInteger(recent) || recent < 0) {
		throw new TypeError("Cannot stream. recent: must be a whole number of 0 or more.");
	}
	if ("expires" in options && (typeof expires !== "number" || Number.isNaN(expires))) {
		throw new TypeError(
			"Cannot stream. expires: must be a number, in ms since 1970; leave it out for a stream without an end.",
		);
	}
}

/** @throws {TypeError} when a route names no channel: undefined, null, nothing, or a list with such a name in it. */
function checkRouteChannel(channel: unknown): void {
	const names: unknown[] = [channel].flat();
	if (names.length > 0 && areNames(names)) return;
	throw new TypeError(
		"Cannot stream. channel: must be a name, or a list of one or more, none of them empty or undefined. " +
			"Leave it out to let the client choose by ?channel=.",
	);
}

function areNames(value: unknown): boolean {
	return Array.isArray(value) && value.every((name) => typeof name === "string" && name !== "");
}
