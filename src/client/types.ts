/** Where the client is: what to show in a corner of the page. */
export type ClientState =
	/** A stream was asked for and has not begun. */
	| "connecting"
	/** Events come. */
	| "open"
	/** The stream was lost, and is asked for again after a while. */
	| "waiting"
	/** Nobody listens, or the server has refused and `retry` is false. */
	| "closed";

/** Data of `sse.gap`: the history does not reach back to where this tab was, so events may be missing. */
export interface Gap {
	channel: string;
	/** The position in that channel from which on; absent when the server could not read it. */
	lastEventId?: string;
}

/** Events that edge-sse itself sends, on every stream. */
export interface OwnEvents {
	"sse.gap": Gap;
}

/** The data of an event of that type. */
export type DataOf<Events, Type> = Type extends keyof OwnEvents
	? OwnEvents[Type]
	: Type extends keyof Events
		? Events[Type]
		: never;

export type TypeOf<Events> = (keyof Events & string) | keyof OwnEvents;

export interface ClientEvent<Type extends string = string, Data = unknown> {
	readonly type: Type;
	readonly data: Data;
	/** The last id so far, with this event or before it, as EventSource has it; `""`: there was none. */
	readonly lastEventId: string;
}

/** Any one of these types. */
export type EventOf<Events, Type extends string> = Type extends unknown
	? ClientEvent<Type, DataOf<Events, Type>>
	: never;

type Address = string | URL;
/** Where the stream is, or a function that says so anew for every connection: one with a fresh token, say. */
export type StreamUrl = Address | (() => Address | Promise<Address>);

export interface EventClientOptions {
	/** Send cookies to another origin. Default false. */
	withCredentials?: boolean;
	/**
	 * Whether all tabs of the origin share one connection, and by which name. Default: by the URL; where
	 * that is a function, each tab has its own.
	 */
	share?: string | boolean;
	/**
	 * Silence in ms after which the stream is taken for dead and reopened; 0: never. Default: three times
	 * what the server's `sse.ping` says; without pings never.
	 */
	watchdog?: number;
	/** Whether to come back after an answer other than an event stream. Default true. */
	retry?: boolean;
	/** Makes data of an event's text. Default: `JSON.parse`, and the text itself where that fails. */
	parse?: (text: string, type: string) => unknown;
}
