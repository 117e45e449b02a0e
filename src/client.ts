/**
 * The browser's side: typed events, over one connection for all tabs of an origin.
 *
 * ```ts
 * import { EventClient } from "edge-sse/client";
 *
 * const events = new EventClient<{ greeting: { message: string } }>("/stream?channel=lobby");
 * events.on("greeting", ({ message }) => console.log(message));
 * ```
 *
 * @module
 */

import { add, callEach, guarded, loadMore, parsed, report, streamUrl } from "./client/host.ts";
import { iterate } from "./client/iterate.ts";
import { openPage, type Page } from "./client/page.ts";
import { shareKey } from "./client/share-key.ts";
import type { SourceOptions } from "./client/source.ts";
import type {
	ClientEvent,
	ClientState,
	DataOf,
	EventClientOptions,
	EventOf,
	Listener,
	SetState,
	StateListener,
	StreamUrl,
	TypeOf,
} from "./client/types.ts";

export type {
	ClientDebug,
	ClientEvent,
	ClientState,
	DataOf,
	Disconnected,
	EventClientOptions,
	EventOf,
	Gap,
	OpeningReason,
	Role,
	StreamHeaders,
	StreamUrl,
	TypeOf,
} from "./client/types.ts";

/** One channel: what a client hears of it. */
export type EventChannel<Events extends object = Record<string, unknown>> = Pick<
	EventClient<Events>,
	"on" | "events"
>;

/**
 * Listens to an event stream by EventSource, or by `fetch` where an option or the host needs it.
 * The stream opens with the first listener and closes with the last. Tabs of an origin share it.
 *
 * @example
 * ```ts
 * import { EventClient } from "edge-sse/client";
 *
 * const events = new EventClient<{ greeting: { message: string } }>("/stream?channel=lobby");
 * const stop = events.on("greeting", ({ message }) => console.log(message));
 * ```
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#the-eventsource-interface
 */
export class EventClient<Events extends object = Record<string, unknown>> {
	readonly #options: SourceOptions;
	/** In the order in which they came. A key is a type, with a channel's name a line below. */
	readonly #listeners = new Set<Listener>();
	readonly #stateListeners = new Set<[StateListener]>();
	#state: ClientState = "closed";
	/** Present while something listens. */
	#page: Page | undefined;
	/** Whether a channel was asked for. */
	#hasChannels = false;

	constructor(url: StreamUrl, options: EventClientOptions = {}) {
		const { headers, method, body, fetch, signal, share = true } = options;
		const foreign = method ?? body;
		this.#options = {
			...options,
			url,
			custom: (foreign ?? headers ?? fetch ?? signal) !== undefined,
			share: foreign === undefined && share,
		};
	}

	/** The state of the connection. */
	get state(): ClientState {
		return this.#state;
	}

	/**
	 * Calls back on every change of `state`. It is bound, as `useSyncExternalStore` needs it.
	 * The second argument says why a stream was lost or refused, where it is known: an
	 * EventSource does not say. A refusal has the answer's `status`.
	 *
	 * @example
	 * ```ts
	 * const stop = events.onState((state, error) => console.log(state, error));
	 * ```
	 *
	 * @returns a function that stops it.
	 */
	readonly onState = (listener: (state: ClientState, error?: unknown) => void): (() => void) =>
		add(this.#stateListeners, [listener]);

	/**
	 * Calls back for every event of a type. `sse.gap` says that events may be missing.
	 *
	 * @example
	 * ```ts
	 * const stop = events.on("greeting", ({ message }, { lastEventId }) => console.log(message, lastEventId));
	 * events.on("sse.gap", ({ channel }) => console.warn("Reload", channel));
	 * ```
	 *
	 * @returns a function that stops it. Idempotent.
	 * @throws {TypeError} when the URL is invalid.
	 */
	on<Type extends TypeOf<Events>>(
		type: Type,
		listener: (data: DataOf<Events, Type>, event: ClientEvent<Type, DataOf<Events, Type>>) => void,
	): () => void;
	on(...listener: Listener): () => void {
		// Nobody could catch an error when the stream opens.
		const { url } = this.#options;
		if (typeof url !== "function") streamUrl(url);
		const stop = add(this.#listeners, listener);
		// After this turn, so that everything added or exchanged in one turn is one request.
		queueMicrotask(this.#settle);
		return () => {
			stop();
			queueMicrotask(this.#settle);
		};
	}

	/**
	 * The events of these types, for `for await`. It listens from the first `next()` on. Unread
	 * events are queued without a limit. It ends with `break`, `return()`, `close()` or the stream.
	 *
	 * @example
	 * ```ts
	 * for await (const { data } of events.events("greeting")) console.log(data.message);
	 * ```
	 *
	 * @throws {TypeError} from `next()`, when the URL is invalid.
	 * @throws {Error} from `next()`, when the stream was lost or refused for a known reason.
	 */
	events<Type extends TypeOf<Events>>(
		...types: Type[]
	): AsyncIterableIterator<EventOf<Events, Type>> {
		return iterate(this as never, types);
	}

	/**
	 * One channel of the URL's server. All channels that somebody listens to come over one
	 * connection, for all tabs.
	 *
	 * @example
	 * ```ts
	 * const stop = events.channel("room.7").on("greeting", ({ message }) => console.log(message));
	 * ```
	 */
	channel(name: string): EventChannel<Events> {
		this.#hasChannels = true;
		// No type has a line end.
		const key = <Type extends string>(type: Type) => `${type}\n${name}` as Type;
		return {
			on: (type, listener) => this.on(key(type), listener),
			events: (...types) => this.events(...types.map(key)),
		};
	}

	/**
	 * Removes all listeners, and so ends the stream. Iterators end, too.
	 *
	 * @example
	 * ```ts
	 * events.close();
	 * ```
	 */
	close(): void {
		callEach(this.#listeners, ([, , end]) => end?.());
		this.#listeners.clear();
		this.#settle();
		// A listener of the state may close it while a stream is being opened.
		queueMicrotask(this.#settle);
	}

	/** Opens, closes or widens the streams to match the listeners. */
	readonly #settle = (): void => {
		const types = [...this.#listeners].map(([key]) => key).filter((key) => !key.includes("\n"));
		const options = this.#options;
		// Events about the stream itself need no stream.
		if (types.every((type) => type.startsWith("sse."))) {
			if (this.#page) {
				this.#page.close();
				this.#page = undefined;
				this.#setState("closed");
			}
		} else if (this.#page) {
			this.#page.listen(types);
			// The stream is over. A loop that begins now must not wait for it.
			if (this.#state === "closed") this.#setState("closed");
		} else this.#page = openPage(shareKey(options), options, types, this.#deliver, this.#setState);
		if (this.#hasChannels) {
			loadMore()
				.then((more) => {
					more.listen(
						this.#listeners,
						options,
						shareKey(options),
						streamUrl,
						this.constructor as typeof EventClient,
						this.#deliver,
						this.#setState,
					);
				})
				.catch(report);
		}
	};

	readonly #deliver = (key: string, text: string, lastEventId: string): void => {
		let event: ClientEvent | undefined;
		callEach(this.#listeners, ([each, hear]) => {
			if (each !== key) return;
			const [type] = key.split("\n") as [string];
			const parse = (!type.startsWith("sse.") && this.#options.parse) || parsed;
			event ??= { type, data: parse(text, type), lastEventId };
			hear(event.data as never, event as never);
		});
	};

	readonly #setState: SetState = (state, error, why) => {
		guarded(() => this.#options.onDebug?.({ state, why, error }));
		const isOfChannels = why === "channels";
		// What was heard before can still be read.
		if (state === "closed") {
			callEach(this.#listeners, ([key, , end]) => {
				if (key.includes("\n") === isOfChannels) end?.(error);
			});
		}
		// The stream of the URL itself says what the state is, where there is one.
		if (state === this.#state || (isOfChannels && this.#page)) return;
		this.#state = state;
		callEach(this.#stateListeners, ([hear]) => hear(state, error));
	};
}
