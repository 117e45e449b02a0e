/** The client's connection, for example to show in a corner of the page. */
export type ClientState =
	/** A stream was requested and has not begun. */
	| "connecting"
	/** The stream is open. */
	| "open"
	/**
	 * Something in between holds the stream back. The client asks for events instead, and each comes
	 * with an answer.
	 */
	| "polling"
	/** The stream was lost. The next attempt follows after a while. */
	| "waiting"
	/**
	 * Nothing listens. Or the stream is over: the server has said so or refused for good, or `retry`
	 * is false.
	 */
	| "closed";

/** The role of a tab among those that share a stream. */
export type Role =
	/** It is away, or looks for a leader to follow. A leader that hung is replaced, and then looks. */
	| "apart"
	/** It takes the leader's events. */
	| "follow"
	/** It has its own stream until it reaches the leader's position. */
	| "behind"
	/** It has the stream of all tabs. A tab that shares with none leads, too. */
	| "lead";

/** Why a stream is asked for. */
export type OpeningReason =
	/** The tab has this role now, and no stream yet. */
	| Role
	/** The wait after a loss is over. */
	| "waiting"
	/** The one before was silent for too long. */
	| "silent"
	/** The network is back. */
	| "online"
	/** Another tab has come, which this stream may lack events for. */
	| "join";

/** What a client does, and why, for `onDebug`. */
export interface ClientDebug {
	/** Its state now. */
	readonly state: ClientState;
	/**
	 * With `connecting`, why a stream is asked for. With `waiting`, for how long, in ms. A role: this
	 * tab has it from now on. `steal`: the leading tab does not answer, and this one takes its place.
	 * `channels`: it is the state of the stream of `channel()`, which tells of itself, too.
	 */
	readonly why: OpeningReason | Role | "steal" | "channels" | number | undefined;
	/** Why a stream was lost or refused, where it is known. */
	readonly error: unknown;
}

/** @param end ends the iterator that listens, where there is one. */
export type Listener = [
	key: string,
	hear: (data: never, event: never) => void,
	end?: (error?: unknown) => void,
];

/** @param error why a stream was lost or refused, where it is known. */
export type StateListener = (state: ClientState, error?: unknown) => void;

/** @param why for `onDebug`. */
export type SetState = (state: ClientState, error?: unknown, why?: ClientDebug["why"]) => void;

/**
 * The data of `sse.gap`: the history does not reach back to this tab's position, so events may
 * be missing.
 */
export interface Gap {
	/** The channel with the gap. */
	channel: string;
	/**
	 * The position in that channel where the gap begins. Absent when the server could not read
	 * it.
	 */
	lastEventId?: string;
}

/** The data of `sse.disconnect`: the server has ended the stream by `sse.disconnect()`. */
export interface Disconnected {
	/** Why, as the server says it. */
	reason: string;
	/** Whether the client stops. Otherwise it comes back after a while. */
	final: boolean;
}

/** Events that edge-sse itself sends, on every stream. */
export interface OwnEvents {
	"sse.gap": Gap;
	"sse.disconnect": Disconnected;
}

/** The data of an event of that type. */
export type DataOf<Events, Type> = Type extends keyof OwnEvents
	? OwnEvents[Type]
	: Type extends keyof Events
		? Events[Type]
		: never;

/** The types of events that a client can listen to. */
export type TypeOf<Events> = (keyof Events & string) | keyof OwnEvents;

/** One event, as a listener gets it. */
export interface ClientEvent<Type extends string = string, Data = unknown> {
	/** The event's type. */
	readonly type: Type;
	/** The event's data, parsed. */
	readonly data: Data;
	/** The latest id, of this event or an earlier one, like EventSource's. `""`: none so far. */
	readonly lastEventId: string;
}

/** An event of any of these types. */
export type EventOf<Events, Type extends string> = Type extends unknown
	? ClientEvent<Type, DataOf<Events, Type>>
	: never;

type Address = string | URL;
/**
 * Where the stream is, or a function that returns it for each connection, for example with a
 * fresh token.
 */
export type StreamUrl = Address | (() => Address | Promise<Address>);

/** A request's headers, as `fetch` takes them. */
export type StreamHeaders = NonNullable<RequestInit["headers"]>;

/** The options of an `EventClient`. */
export interface EventClientOptions {
	/**
	 * Whether cookies are sent to another origin.
	 *
	 * @defaultValue `false`
	 */
	withCredentials?: boolean;
	/**
	 * Whether all tabs of the origin share one connection. A string is the name under which they
	 * share it.
	 *
	 * @defaultValue `true`: shared by URL. With a function for a URL, each tab has its own
	 *   connection.
	 */
	share?: string | boolean;
	/**
	 * A stream that is silent for longer, in ms, counts as dead and is reopened; 0: never. At most
	 * 2,000,000,000, which is 23 days.
	 *
	 * @defaultValue three times the interval of the server's `sse.ping`; without pings never
	 */
	watchdog?: number;
	/**
	 * Whether to reconnect after an answer other than an event stream.
	 *
	 * @defaultValue `true`. With a `method` or a `body` it is `false`, and nothing at all is sent
	 *   again.
	 */
	retry?: boolean;
	/**
	 * Is told what the client does, and why. For finding faults: the records may change in any version.
	 *
	 * @defaultValue none
	 */
	onDebug?: (record: ClientDebug) => void;
	/**
	 * Makes data from an event's text.
	 *
	 * @defaultValue `JSON.parse`, or the text itself where that fails
	 */
	parse?: (text: string, type: string) => unknown;
	/**
	 * Where the stream begins, as the server's `position()` has it.
	 *
	 * @defaultValue with new events
	 */
	lastEventId?: string;
	/**
	 * Ends the stream, as `close()` does, and for good. Loops over `events()` then throw its reason.
	 * The client reads the stream by `fetch`.
	 *
	 * @defaultValue none
	 */
	signal?: AbortSignal;
	/**
	 * The request's headers, or a function that returns them for each connection, for example with
	 * a fresh token. The client then reads the stream by `fetch`.
	 *
	 * @defaultValue none but the stream's own
	 */
	headers?: StreamHeaders | (() => StreamHeaders | Promise<StreamHeaders>);
	/**
	 * The request's method. The client then reads the stream by `fetch`.
	 *
	 * @defaultValue `GET`; with a body `POST`
	 */
	method?: string;
	/**
	 * The request's body. The client then reads the stream by `fetch`.
	 *
	 * @defaultValue none
	 */
	body?: Exclude<RequestInit["body"], ReadableStream | null | undefined>;
	/**
	 * Sends the request. Its answers must have a body that streams, and end with the request's
	 * `signal`. The client then reads the stream by it.
	 *
	 * @defaultValue `globalThis.fetch`, where the client reads by `fetch`
	 */
	fetch?: (url: string, init: RequestInit) => Promise<Response>;
}
