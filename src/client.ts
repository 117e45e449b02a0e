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

import { AsyncQueue } from "./client/async-queue.ts";
import { checkEventSource, report, streamUrl } from "./client/host.ts";
import { watchPage } from "./client/page.ts";
import { Tab } from "./client/tab.ts";
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
	StreamUrl,
	TypeOf,
} from "./client/types.ts";

type Hear = (data: never, event: never) => void;

/**
 * Listens to an event stream, with the browser's own EventSource. The stream opens with the
 * first listener, and closes with the last. The tabs of an origin share one connection.
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
	readonly #stateListeners = new Set<(state: ClientState) => void>();
	readonly #queues = new Set<AsyncQueue<unknown>>();
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
	 *
	 * @example
	 * ```ts
	 * const stop = events.onState((state) => console.log(state));
	 * ```
	 *
	 * @returns a function that stops it.
	 */
	readonly onState = (listener: (state: ClientState) => void): (() => void) => {
		// The same function may be added twice, and each addition has its own stop.
		const hear = (state: ClientState) => listener(state);
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
	 * @throws {TypeError} when the host has no `EventSource`, or the URL is invalid.
	 */
	on<Type extends TypeOf<Events>>(
		type: Type,
		listener: (data: DataOf<Events, Type>, event: ClientEvent<Type, DataOf<Events, Type>>) => void,
	): () => void {
		this.#check();
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
	 * queues unread events without a limit. It ends with `break`, `return()` or `close()`.
	 *
	 * @example
	 * ```ts
	 * for await (const { data } of events.events("greeting")) console.log(data.message);
	 * ```
	 *
	 * @throws {TypeError} from `next()`, when the host has no `EventSource`, or the URL is
	 *   invalid.
	 */
	events<Type extends TypeOf<Events>>(
		...types: Type[]
	): AsyncIterableIterator<EventOf<Events, Type>> {
		const queue: AsyncQueue<unknown> = new AsyncQueue((put) => {
			this.#queues.add(queue);
			const stops = types.map((type) => this.on(type, (_, event) => put(event)));
			return () => {
				this.#queues.delete(queue);
				for (const stop of stops) stop();
			};
		});
		return queue as AsyncIterableIterator<EventOf<Events, Type>>;
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
		for (const queue of this.#queues) queue.end();
		this.#listeners.clear();
		this.#settle();
	}

	/** Checked here, because nobody could catch an error when the stream opens. */
	#check(): void {
		if (this.#tab !== undefined) return;
		checkEventSource(this.#options.retry ?? true);
		if (typeof this.#url !== "function") streamUrl(this.#url);
	}

	/** Opens, closes or widens the stream to match the listeners. */
	readonly #settle = (): void => {
		if (this.#listeners.size === 0) this.#stop();
		else if (this.#tab === undefined) this.#start();
		else for (const type of this.#listeners.keys()) this.#tab.listen(type);
	};

	#start(): void {
		const { withCredentials = false, watchdog, retry = true } = this.#options;
		const types = new Set(this.#listeners.keys());
		const options = { url: this.#url, withCredentials, watchdog, retry };
		const tab = new Tab(this.#key(), options, types, {
			deliver: this.#deliver,
			setState: this.#setState,
		});
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
	#key(): string | undefined {
		const { share = true, withCredentials } = this.#options;
		let name = share;
		// Without an origin, as in Node, no tabs share.
		if (name === true && typeof this.#url !== "function" && globalThis.location !== undefined) {
			name = `${streamUrl(this.#url)} ${withCredentials}`;
		}
		// Another tab may run another version of this file.
		return typeof name === "string" ? `edge-sse/1 ${name}` : undefined;
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

	readonly #setState = (state: ClientState): void => {
		if (state === this.#state) return;
		this.#state = state;
		for (const hear of [...this.#stateListeners]) guarded(() => hear(state));
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
