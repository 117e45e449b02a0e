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

import { report, streamUrl } from "./client/host.ts";
import { iterate } from "./client/iterate.ts";
import { watchPage } from "./client/page.ts";
import { openTab, type Tab } from "./client/tab.ts";
import type {
	ClientEvent,
	ClientState,
	DataOf,
	EventClientOptions,
	EventOf,
	StreamUrl,
	TypeOf,
} from "./client/types.ts";

export type {
	ClientEvent,
	ClientState,
	DataOf,
	EventClientOptions,
	EventOf,
	Gap,
	StreamHeaders,
	StreamUrl,
	TypeOf,
} from "./client/types.ts";

type StateListener = (state: ClientState, error?: unknown) => void;
type Hear = (data: never, event: never) => void;

/**
 * Listens to an event stream, with the browser's own EventSource, or by `fetch` where headers, a
 * body or the host ask for it. The stream opens with the first listener, and closes with the last.
 * The tabs of an origin share one connection.
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
	readonly #url: StreamUrl;
	readonly #options: EventClientOptions;
	readonly #listeners = new Map<string, Set<Hear>>();
	readonly #stateListeners = new Set<StateListener>();
	/** What ends the iterators. */
	readonly #ends = new Set<(error?: unknown) => void>();
	#state: ClientState = "closed";
	/** Present while something listens. */
	#tab: Tab | undefined;
	/** Ends the listeners of the page's own events. */
	#page: AbortController | undefined;

	constructor(url: StreamUrl, options: EventClientOptions = {}) {
		this.#url = url;
		this.#options = options;
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
	readonly onState = (listener: (state: ClientState, error?: unknown) => void): (() => void) => {
		// The same function may be added twice, and each addition has its own stop.
		const hear: StateListener = (state, error) => listener(state, error);
		this.#stateListeners.add(hear);
		return () => {
			this.#stateListeners.delete(hear);
		};
	};

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
	): () => void {
		// Nobody could catch an error when the stream opens.
		if (typeof this.#url !== "function") streamUrl(this.#url);
		const hear: Hear = (data, event) => listener(data, event);
		const listeners = this.#listeners.get(type) ?? new Set();
		this.#listeners.set(type, listeners.add(hear));
		// After this turn, so that everything added or exchanged in one turn is one request.
		queueMicrotask(this.#settle);
		return () => {
			listeners.delete(hear);
			if (listeners.size === 0 && this.#listeners.get(type) === listeners) {
				this.#listeners.delete(type);
			}
			queueMicrotask(this.#settle);
		};
	}

	/**
	 * The events of these types, for `for await`. It listens from the first `next()` on, and
	 * queues unread events without a limit. It ends with `break`, `return()` or `close()`, and
	 * when the stream is over.
	 *
	 * @example
	 * ```ts
	 * for await (const { data } of events.events("greeting")) console.log(data.message);
	 * ```
	 *
	 * @throws {TypeError} from `next()`, when the URL is invalid.
	 * @throws {Error} from `next()`, when the stream is over because it was lost or refused, and the
	 *   reason is known.
	 */
	events<Type extends TypeOf<Events>>(
		...types: Type[]
	): AsyncIterableIterator<EventOf<Events, Type>> {
		return iterate((put, end) => {
			this.#ends.add(end);
			const stops = types.map((type) => this.on(type, (_, event) => put(event as never)));
			return () => {
				this.#ends.delete(end);
				for (const stop of stops) stop();
			};
		});
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
		for (const end of this.#ends) end();
		this.#listeners.clear();
		this.#settle();
	}

	/** Opens, closes or widens the stream to match the listeners. */
	readonly #settle = (): void => {
		if (this.#listeners.size === 0) this.#stop();
		else if (this.#tab === undefined) this.#start();
		else for (const type of this.#listeners.keys()) this.#tab.listen(type);
	};

	#start(): void {
		const { headers, method, body, fetch, signal } = this.#options;
		const custom = [headers, method, body, fetch, signal].some((option) => option !== undefined);
		const options = { ...this.#options, url: this.#url, custom };
		const types = new Set(this.#listeners.keys());
		const tab = openTab(this.#key(custom), options, types, this.#deliver, this.#setState);
		this.#tab = tab;
		this.#page = watchPage(tab, this.#setState);
		this.#setState("connecting");
		tab.join();
	}

	#stop(): void {
		this.#page?.abort();
		this.#tab?.leave();
		this.#tab = undefined;
		this.#setState("closed");
	}

	/** Names the tabs that share one stream: everything that makes streams differ. */
	#key(custom: boolean): string | undefined {
		const { withCredentials, method, body, share = true } = this.#options;
		// Functions and headers cannot be compared. Without an origin, as in Node, no tabs share.
		const isOwn = custom || typeof this.#url === "function" || !globalThis.location;
		let name: string | undefined;
		if (share !== true) name = share || undefined;
		else if (!isOwn) name = `${streamUrl(this.#url as string)} ${withCredentials}`;
		// Another tab may run another version of this file.
		return name === undefined || (method ?? body) !== undefined ? undefined : `edge-sse/2 ${name}`;
	}

	readonly #deliver = (type: string, text: string, lastEventId: string): void => {
		const listeners = this.#listeners.get(type);
		if (listeners === undefined) return;
		guarded(() => {
			const data = this.#parse(type, text) as never;
			const event = { type, data, lastEventId } as never;
			for (const hear of [...listeners]) guarded(() => hear(data, event));
		});
	};

	#parse(type: string, text: string): unknown {
		const { parse } = this.#options;
		if (parse !== undefined && !type.startsWith("sse.")) return parse(text, type);
		try {
			return JSON.parse(text);
		} catch {
			return text; // a string, which edge-sse sends as it is
		}
	}

	readonly #setState = (state: ClientState, error?: unknown): void => {
		if (state === this.#state) return;
		this.#state = state;
		for (const hear of [...this.#stateListeners]) guarded(() => hear(state, error));
		// What was heard before can still be read.
		if (state === "closed") for (const end of this.#ends) end(error);
	};
}

/** A listener that throws must not keep an event from the others. */
function guarded(run: () => void): void {
	try {
		run();
	} catch (error) {
		report(error);
	}
}
